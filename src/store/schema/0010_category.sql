-- 0010: categories that are no longer offered; a change by two people at once is told.
ALTER TABLE category ADD COLUMN retired_at {INT} NOT NULL DEFAULT 0;            -- 0: in use
ALTER TABLE category ADD COLUMN version {INT} NOT NULL DEFAULT 1;
