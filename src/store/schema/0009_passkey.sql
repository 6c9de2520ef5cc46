-- 0009: passkeys, and the challenges that were used up.
CREATE TABLE passkey(
  id {ID}, who_kind TEXT NOT NULL, who_id {INT} NOT NULL, customer_id {INT} REFERENCES customer(id), name TEXT NOT NULL, rp_id TEXT NOT NULL,
  cred_id {BYTES} NOT NULL UNIQUE, handle {BYTES} NOT NULL, public_key {BYTES} NOT NULL, alg {INT} NOT NULL, sign_count {INT} NOT NULL DEFAULT 0,
  created_at {INT} NOT NULL, used_at {INT} NOT NULL DEFAULT 0);
CREATE INDEX passkey_of ON passkey(who_kind, who_id);
CREATE TABLE passkey_spent(challenge {BYTES} PRIMARY KEY, expires_at {INT} NOT NULL);
