-- 0003: mail that is the same but for its way here; what a sent mail was part of.
ALTER TABLE mail_in ADD COLUMN content_sha256 TEXT NOT NULL DEFAULT '';
CREATE INDEX mail_in_content ON mail_in(content_sha256, id);
CREATE INDEX mail_ref_ticket ON mail_ref(ticket_id, message_row);
