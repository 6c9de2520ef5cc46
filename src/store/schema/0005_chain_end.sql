-- 0005: where the event chain ends: the last event's number, and a seal over every event there ever was (chain.h). One row.
-- id 0: nothing is sealed yet; the next start with the installation's keys begins.
CREATE TABLE chain_end(one {INT} PRIMARY KEY, id {INT} NOT NULL, seal {BYTES});
INSERT INTO chain_end(one,id) VALUES(1,0);
