-- 0001: the core objects. {ID} {INT} {BYTES} stand for each database's own words (db_migrate.c).
-- Times: microseconds UTC (_at); days: days since 1970 (_day); months: months since 1970-01; money: øre; durations: minutes.
-- Every table that a customer owns has customer_id and an index that starts with it. NULL customer_id = not placed yet.

CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE counter(name TEXT PRIMARY KEY, value {INT} NOT NULL);

-- the provider's own people
CREATE TABLE person(
  id {ID}, login TEXT NOT NULL UNIQUE, name TEXT NOT NULL, email TEXT NOT NULL DEFAULT '', phone TEXT NOT NULL DEFAULT '',
  role TEXT NOT NULL,                       -- admin | technician | bookkeeper | system
  password_hash TEXT, totp_sealed {BYTES}, totp_last {INT} NOT NULL DEFAULT 0,
  lang TEXT NOT NULL DEFAULT 'da', theme TEXT NOT NULL DEFAULT 'auto', keys_on {INT} NOT NULL DEFAULT 1,
  active {INT} NOT NULL DEFAULT 1, created_at {INT} NOT NULL, version {INT} NOT NULL DEFAULT 1);

CREATE TABLE customer(
  id {ID}, name TEXT NOT NULL, cvr TEXT NOT NULL, gln TEXT NOT NULL DEFAULT '', lang TEXT NOT NULL DEFAULT 'da',
  phone TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '', demo {INT} NOT NULL DEFAULT 0, active {INT} NOT NULL DEFAULT 1,
  created_at {INT} NOT NULL, version {INT} NOT NULL DEFAULT 1);
CREATE UNIQUE INDEX customer_cvr ON customer(cvr);
CREATE INDEX customer_name ON customer(name);
CREATE TABLE customer_domain(domain TEXT PRIMARY KEY, customer_id {INT} NOT NULL REFERENCES customer(id));
CREATE INDEX customer_domain_of ON customer_domain(customer_id);
CREATE TABLE site(
  id {ID}, customer_id {INT} NOT NULL REFERENCES customer(id), name TEXT NOT NULL, street TEXT NOT NULL DEFAULT '',
  postcode TEXT NOT NULL DEFAULT '', city TEXT NOT NULL DEFAULT '', drive_minutes {INT} NOT NULL DEFAULT 0);
CREATE INDEX site_of ON site(customer_id, id);

-- the customer's people
CREATE TABLE contact(
  id {ID}, customer_id {INT} NOT NULL REFERENCES customer(id), name TEXT NOT NULL, email TEXT NOT NULL, phone TEXT NOT NULL DEFAULT '',
  role TEXT NOT NULL DEFAULT 'employee',    -- owner | employee | approver
  lang TEXT NOT NULL DEFAULT 'da', theme TEXT NOT NULL DEFAULT 'auto', password_hash TEXT, active {INT} NOT NULL DEFAULT 1, bounced_at {INT} NOT NULL DEFAULT 0,
  created_at {INT} NOT NULL, version {INT} NOT NULL DEFAULT 1);
CREATE UNIQUE INDEX contact_email ON contact(email);
CREATE INDEX contact_of ON contact(customer_id, id);

-- signing in. who_kind: person | contact
CREATE TABLE session(
  token_hash {BYTES} PRIMARY KEY, who_kind TEXT NOT NULL, who_id {INT} NOT NULL, customer_id {INT}, csrf TEXT NOT NULL,
  created_at {INT} NOT NULL, seen_at {INT} NOT NULL, expires_at {INT} NOT NULL, address TEXT NOT NULL, agent TEXT NOT NULL);
CREATE INDEX session_of ON session(who_kind, who_id);
CREATE TABLE signin_link(
  token_hash {BYTES} PRIMARY KEY, customer_id {INT} NOT NULL, contact_id {INT} NOT NULL, created_at {INT} NOT NULL, expires_at {INT} NOT NULL,
  used_at {INT} NOT NULL DEFAULT 0);
CREATE TABLE signin_log(
  id {ID}, at {INT} NOT NULL, who_kind TEXT NOT NULL, who_id {INT} NOT NULL DEFAULT 0, name TEXT NOT NULL, address TEXT NOT NULL,
  agent TEXT NOT NULL, outcome TEXT NOT NULL);      -- ok | wrong | totp_wrong | locked | link_sent | link_ok | link_bad | signout
CREATE INDEX signin_log_who ON signin_log(who_kind, who_id, id);
CREATE INDEX signin_log_name ON signin_log(name, at);
CREATE TABLE recovery_code(person_id {INT} NOT NULL REFERENCES person(id), code_hash {BYTES} NOT NULL, PRIMARY KEY(person_id, code_hash));
CREATE TABLE api_token(
  id {ID}, person_id {INT} NOT NULL REFERENCES person(id), name TEXT NOT NULL, token_hash {BYTES} NOT NULL UNIQUE, scopes TEXT NOT NULL,
  created_at {INT} NOT NULL, used_at {INT} NOT NULL DEFAULT 0, revoked_at {INT} NOT NULL DEFAULT 0);

-- agreements. terms: JSON object of the service's terms. catalogue: the accepted texts by version.
CREATE TABLE catalogue(
  service TEXT NOT NULL, version {INT} NOT NULL, sha256 TEXT NOT NULL, text TEXT NOT NULL, at {INT} NOT NULL, PRIMARY KEY(service, version));
CREATE TABLE agreement(
  id {ID}, customer_id {INT} NOT NULL REFERENCES customer(id), number TEXT NOT NULL UNIQUE, state TEXT NOT NULL,   -- draft | sent | accepted | superseded | ended
  lang TEXT NOT NULL, valid_from_day {INT} NOT NULL, valid_to_day {INT}, price_ore {INT} NOT NULL DEFAULT 0, period TEXT NOT NULL DEFAULT 'month',
  note TEXT NOT NULL DEFAULT '', supersedes {INT}, created_at {INT} NOT NULL, created_by {INT} NOT NULL, sent_at {INT} NOT NULL DEFAULT 0,
  accepted_at {INT} NOT NULL DEFAULT 0, accepted_contact_id {INT}, accepted_name TEXT NOT NULL DEFAULT '', accepted_via TEXT NOT NULL DEFAULT '',
  text_sha256 TEXT NOT NULL DEFAULT '', ended_at {INT} NOT NULL DEFAULT 0, version {INT} NOT NULL DEFAULT 1);
CREATE INDEX agreement_of ON agreement(customer_id, id);
CREATE TABLE agreement_item(
  id {ID}, customer_id {INT} NOT NULL, agreement_id {INT} NOT NULL REFERENCES agreement(id), service TEXT NOT NULL,
  catalogue_version {INT} NOT NULL, terms TEXT NOT NULL);
CREATE UNIQUE INDEX agreement_item_of ON agreement_item(customer_id, agreement_id, service);
-- the whole text that was sent or accepted, as it was
CREATE TABLE agreement_text(
  customer_id {INT} NOT NULL, agreement_id {INT} NOT NULL REFERENCES agreement(id), sha256 TEXT NOT NULL, at {INT} NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY(customer_id, agreement_id, sha256));

-- tickets. due_*, next_due_at, response_at ... are caches of folds over event; rebuildable.
CREATE TABLE ticket(
  id {ID}, number {INT} NOT NULL UNIQUE, customer_id {INT}, contact_id {INT}, from_name TEXT NOT NULL DEFAULT '', from_email TEXT NOT NULL DEFAULT '',
  subject TEXT NOT NULL, category TEXT NOT NULL DEFAULT '', type TEXT NOT NULL DEFAULT 'incident',     -- incident | request | order
  priority TEXT NOT NULL DEFAULT 'normal',  -- urgent | important | normal
  owner_id {INT}, state TEXT NOT NULL DEFAULT 'new',   -- new | open | waiting_customer | waiting_third | solved | closed
  channel TEXT NOT NULL,                    -- portal | mail | api | phone | system
  promise TEXT NOT NULL DEFAULT '', dedupe_key TEXT, merged_into {INT}, probe {INT} NOT NULL DEFAULT 0,
  created_at {INT} NOT NULL, updated_at {INT} NOT NULL, response_due_at {INT} NOT NULL DEFAULT 0, solution_due_at {INT} NOT NULL DEFAULT 0,
  next_due_at {INT} NOT NULL DEFAULT 9223372036854775807, responded_at {INT} NOT NULL DEFAULT 0, solved_at {INT} NOT NULL DEFAULT 0,
  closed_at {INT} NOT NULL DEFAULT 0, spent_minutes {INT} NOT NULL DEFAULT 0, version {INT} NOT NULL DEFAULT 1);
-- solved_at is 0 exactly while the ticket is open: the work lists read only those, in the order shown, whatever their number;
-- solved_at and probe stand in the indexes too, so that counting reads nothing else.
CREATE INDEX ticket_open_due ON ticket(next_due_at, id, solved_at, probe) WHERE solved_at=0 AND probe=0;
CREATE INDEX ticket_open_owner ON ticket(owner_id, next_due_at, id, solved_at, probe) WHERE solved_at=0 AND probe=0;
CREATE INDEX ticket_open_of ON ticket(customer_id, next_due_at, id, solved_at, probe) WHERE solved_at=0 AND probe=0;
CREATE INDEX ticket_state ON ticket(state, next_due_at, id, probe) WHERE probe=0;
CREATE INDEX ticket_updated ON ticket(updated_at, id);
CREATE INDEX ticket_of ON ticket(customer_id, id);
CREATE INDEX ticket_of_updated ON ticket(customer_id, updated_at, id);
CREATE INDEX ticket_owner ON ticket(owner_id, updated_at, id);
CREATE INDEX ticket_contact ON ticket(contact_id, updated_at, id);
CREATE INDEX ticket_merged ON ticket(merged_into);
CREATE INDEX ticket_promise ON ticket(promise, customer_id, id);
CREATE UNIQUE INDEX ticket_dedupe ON ticket(dedupe_key);
CREATE TABLE message(
  id {ID}, customer_id {INT}, ticket_id {INT} NOT NULL REFERENCES ticket(id), at {INT} NOT NULL,
  author_kind TEXT NOT NULL,                -- person | contact | stranger | system
  author_id {INT}, author_name TEXT NOT NULL, visibility TEXT NOT NULL,        -- public | internal
  channel TEXT NOT NULL,                    -- portal | mail | api | console | phone | system
  body TEXT NOT NULL, body_html TEXT NOT NULL DEFAULT '', quoted_from {INT} NOT NULL DEFAULT -1,   -- byte in body where the quoted tail starts
  message_id TEXT NOT NULL DEFAULT '', auto_class TEXT NOT NULL DEFAULT '', auth TEXT NOT NULL DEFAULT '', raw_sha256 TEXT NOT NULL DEFAULT '');
CREATE INDEX message_of ON message(ticket_id, id);
CREATE TABLE attachment(
  id {ID}, customer_id {INT}, ticket_id {INT} NOT NULL, message_id {INT} NOT NULL, name TEXT NOT NULL, mime TEXT NOT NULL, bytes {INT} NOT NULL,
  sha256 TEXT NOT NULL, content_id TEXT NOT NULL DEFAULT '');
CREATE INDEX attachment_of ON attachment(ticket_id, message_id);
CREATE TABLE watcher(
  ticket_id {INT} NOT NULL REFERENCES ticket(id), customer_id {INT}, who_kind TEXT NOT NULL, who_id {INT} NOT NULL DEFAULT 0, email TEXT NOT NULL DEFAULT '',
  PRIMARY KEY(ticket_id, who_kind, who_id, email));
CREATE INDEX watcher_who ON watcher(who_kind, who_id, ticket_id);
CREATE TABLE saved_view(id {ID}, person_id {INT} NOT NULL REFERENCES person(id), name TEXT NOT NULL, query TEXT NOT NULL, place {INT} NOT NULL DEFAULT 0);
CREATE TABLE category(key TEXT PRIMARY KEY, name_da TEXT NOT NULL, name_en TEXT NOT NULL, service TEXT NOT NULL DEFAULT '', place {INT} NOT NULL DEFAULT 0);
CREATE TABLE ready_answer(id {ID}, name TEXT NOT NULL, body_da TEXT NOT NULL, body_en TEXT NOT NULL DEFAULT '');

-- mail
CREATE TABLE mail_in(
  id {ID}, received_at {INT} NOT NULL, sha256 TEXT NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT NULL, state TEXT NOT NULL,  -- waiting | done | duplicate
  ticket_id {INT}, message_id {INT}, note TEXT NOT NULL DEFAULT '', tries {INT} NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX mail_in_once ON mail_in(sha256, recipients);
CREATE INDEX mail_in_state ON mail_in(state, id);
CREATE TABLE mail_ref(message_id TEXT NOT NULL, customer_id {INT}, ticket_id {INT} NOT NULL, message_row {INT} NOT NULL DEFAULT 0);
CREATE INDEX mail_ref_id ON mail_ref(message_id);
CREATE TABLE outbox(
  id {ID}, created_at {INT} NOT NULL, kind TEXT NOT NULL, customer_id {INT}, ticket_id {INT}, message_row {INT}, sender TEXT NOT NULL, recipient TEXT NOT NULL,
  message_id TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, body TEXT NOT NULL, body_html TEXT NOT NULL DEFAULT '', headers TEXT NOT NULL DEFAULT '{}',
  auto {INT} NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'waiting', tries {INT} NOT NULL DEFAULT 0, next_at {INT} NOT NULL, sent_at {INT} NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '');          -- state: waiting | sent | failed
CREATE INDEX outbox_next ON outbox(state, next_at, id);
CREATE INDEX outbox_to ON outbox(recipient, created_at);
CREATE INDEX outbox_ticket ON outbox(ticket_id, id);

-- time and the hour bank. Settlements are a fold over time_entry and agreement; closed months are kept as they were.
CREATE TABLE time_entry(
  id {ID}, customer_id {INT} NOT NULL REFERENCES customer(id), ticket_id {INT}, person_id {INT} NOT NULL REFERENCES person(id),
  activity TEXT NOT NULL,                   -- visit | remote | phone | task | teach | web | internal
  started_at {INT} NOT NULL, day {INT} NOT NULL, month {INT} NOT NULL,        -- month: the one it is settled in
  minutes {INT} NOT NULL, note TEXT NOT NULL DEFAULT '', drive_out_minutes {INT} NOT NULL DEFAULT 0, drive_home_minutes {INT} NOT NULL DEFAULT 0,
  late {INT} NOT NULL DEFAULT 0, reported {INT} NOT NULL DEFAULT 1,           -- reported: the work came in through the system
  created_at {INT} NOT NULL, created_by {INT} NOT NULL, removed_at {INT} NOT NULL DEFAULT 0);
CREATE INDEX time_entry_of ON time_entry(customer_id, month, id);
CREATE INDEX time_entry_who ON time_entry(person_id, day, id);
CREATE INDEX time_entry_ticket ON time_entry(ticket_id, id);
CREATE TABLE timer(person_id {INT} PRIMARY KEY REFERENCES person(id), ticket_id {INT} NOT NULL, customer_id {INT}, started_at {INT} NOT NULL,
  kept_minutes {INT} NOT NULL DEFAULT 0, running {INT} NOT NULL DEFAULT 1);
CREATE TABLE month_close(
  customer_id {INT} NOT NULL REFERENCES customer(id), month {INT} NOT NULL, closed_at {INT} NOT NULL, closed_by {INT} NOT NULL,
  statement TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY(customer_id, month));
CREATE TABLE bank_notice(customer_id {INT} NOT NULL, month {INT} NOT NULL, percent {INT} NOT NULL, at {INT} NOT NULL, PRIMARY KEY(customer_id, month, percent));

-- what happened. Append-only; hash = SHA-256(previous hash, canonical row).
CREATE TABLE event(
  id {INT} PRIMARY KEY, at {INT} NOT NULL, actor_kind TEXT NOT NULL, actor_id {INT} NOT NULL DEFAULT 0, customer_id {INT},
  object TEXT NOT NULL, object_id {INT} NOT NULL DEFAULT 0, kind TEXT NOT NULL, data TEXT NOT NULL, hash {BYTES} NOT NULL);
CREATE INDEX event_object ON event(object, object_id, id);
CREATE INDEX event_customer ON event(customer_id, id);
CREATE TABLE chain_head(id {INT} PRIMARY KEY, at {INT} NOT NULL, hash {BYTES} NOT NULL, signature {BYTES} NOT NULL);

-- the promise ledger
CREATE TABLE promise_state(
  id {ID}, customer_id {INT} NOT NULL REFERENCES customer(id), agreement_id {INT} NOT NULL, service TEXT NOT NULL, promise TEXT NOT NULL, party TEXT NOT NULL,
  state TEXT NOT NULL, since_at {INT} NOT NULL, until_at {INT} NOT NULL DEFAULT 9223372036854775807, measured_at {INT} NOT NULL, due_at {INT} NOT NULL DEFAULT 0,
  check_at {INT} NOT NULL DEFAULT 9223372036854775807,  -- the first later moment at which time alone can change the state
  reasons TEXT NOT NULL, evidence TEXT NOT NULL, ticket_id {INT});
CREATE INDEX promise_state_of ON promise_state(customer_id, promise, since_at);
CREATE INDEX promise_state_now ON promise_state(until_at, state, customer_id);
CREATE INDEX promise_state_check ON promise_state(until_at, check_at);
CREATE INDEX promise_state_held ON promise_state(promise, until_at, customer_id);
CREATE TABLE attestation(
  id {ID}, customer_id {INT} NOT NULL REFERENCES customer(id), promise TEXT NOT NULL, person_id {INT} NOT NULL, person_name TEXT NOT NULL, at {INT} NOT NULL,
  expires_at {INT} NOT NULL, note TEXT NOT NULL, withdrawn_at {INT} NOT NULL DEFAULT 0);
CREATE INDEX attestation_of ON attestation(customer_id, promise, at);
-- at: when it was measured; stored_at: when the server came to know of it (later, when the server itself was down)
CREATE TABLE probe_result(id {ID}, at {INT} NOT NULL, stored_at {INT} NOT NULL, probe TEXT NOT NULL, ok {INT} NOT NULL, took_ms {INT} NOT NULL, detail TEXT NOT NULL DEFAULT '');
CREATE INDEX probe_result_at ON probe_result(probe, at, stored_at, ok);
CREATE INDEX probe_result_stored ON probe_result(stored_at);
CREATE TABLE need(                          -- what we need from a customer
  id {ID}, customer_id {INT} NOT NULL REFERENCES customer(id), promise TEXT NOT NULL DEFAULT '', title TEXT NOT NULL, body TEXT NOT NULL, kind TEXT NOT NULL,  -- decision | duty | accept
  object TEXT NOT NULL DEFAULT '', object_id {INT} NOT NULL DEFAULT 0, asked_at {INT} NOT NULL, asked_by {INT} NOT NULL DEFAULT 0, reminded_at {INT} NOT NULL DEFAULT 0,
  answered_at {INT} NOT NULL DEFAULT 0, answer TEXT NOT NULL DEFAULT '', answered_by {INT} NOT NULL DEFAULT 0);
CREATE INDEX need_of ON need(customer_id, answered_at, id);
CREATE INDEX need_open ON need(answered_at, reminded_at);
