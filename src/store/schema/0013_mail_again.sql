-- 0013: the same bytes may come again: from somebody else, or later, and be meant. mail_place() tells what is the same mail.
DROP INDEX mail_in_once;
CREATE INDEX mail_in_bytes ON mail_in(sha256, id);
