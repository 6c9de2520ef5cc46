/* The store's functions one by one, and those of the os floor that touch files, with every outside call of theirs failing: once, then all
 * from there on. Each says so (a failed question is never "not found"), leaves nothing open, and then works. What they do together is in
 * test_faults.c; tools/fault_reach.py tells which functions no loop reaches. */
#include "store_case.h"
#include <sys/stat.h>
#include <sodium.h>
#include "base/fault.h"
#include "base/moment.h"
#include "os/conf.h"
#include "os/file.h"
#include "os/password.h"
#include "os/seal.h"
#include "store/agreement.h"
#include "store/backup.h"
#include "store/blob.h"
#include "store/catalogue.h"
#include "store/category.h"
#include "store/chain.h"
#include "store/check.h"
#include "store/contact.h"
#include "store/copy.h"
#include "store/counter.h"
#include "store/customer.h"
#include "store/event.h"
#include "store/hour_purchase.h"
#include "store/mail_in.h"
#include "store/message.h"
#include "store/month_close.h"
#include "store/need.h"
#include "store/outbox.h"
#include "store/passkey.h"
#include "store/person.h"
#include "store/probe.h"
#include "store/promise.h"
#include "store/search.h"
#include "store/session.h"
#include "store/setting.h"
#include "store/ticket.h"
#include "store/time_entry.h"

enum { NOW = 1000000000, NTH_MOST = 500 };
static const uint8_t hash[32] = { 7 };
static const struct ticket_scope any = { 0, 0 };
static const char *file, *folder;               /* of this test */

static int set_customer(struct db_conn *w, struct arena *a, struct err *e)
{
	struct customer c;

	return store_customer_get(w, a, 1, &c, e) != 0 ? -1 : store_customer_set(w, &c, e);
}

static int set_contact(struct db_conn *w, struct arena *a, struct err *e)
{
	struct contact k;

	return store_contact_get(w, a, 1, 1, &k, e) != 0 ? -1 : store_contact_set(w, &k, e);
}

static int set_person(struct db_conn *w, struct arena *a, struct err *e)
{
	struct person p;

	return store_person_get(w, a, 1, &p, e) != 0 ? -1 : store_person_set(w, &p, e);
}

static int set_category(struct db_conn *w, struct arena *a, struct err *e)
{
	struct category *k;
	const int *open;
	int n;

	return store_category_list(w, a, &k, &n, e) != 0 || store_category_open(w, a, k, n, &open, e) != 0 ? -1 : store_category_set(w, &k[0], e);
}

static int first_categories(struct db_conn *w, struct arena *a, struct err *e)
{
	return db_run(w, &(struct db_sql){ "DELETE FROM category", NULL }, DB_NONE, NULL, e) != 0 ? -1 : store_category_first(w, e);
}

static int sites(struct db_conn *w, struct arena *a, struct err *e)
{
	struct site s = { .customer_id = 1, .name = "Lager", .street = "", .postcode = "", .city = "" };

	return store_site_add(w, &s, e) != 0 || store_site_set(w, &s, e) != 0 ? -1 : store_site_drop(w, 1, s.id, e);
}

static int views(struct db_conn *w, struct arena *a, struct err *e)
{
	struct saved_view *v;
	int n;

	return store_view_add(w, 1, "Mine", "view=mine", e) != 0 || store_view_list(w, a, 1, &v, &n, e) != 0 ? -1 : store_view_remove(w, 1, v[0].id, e);
}

static int answers(struct db_conn *w, struct arena *a, struct err *e)
{
	struct ready_answer r = { .name = "Hej", .body_da = "Hej", .body_en = "" }, *all;
	int n;

	return store_answer_put(w, &r, e) != 0 || store_answer_list(w, a, &all, &n, e) != 0 ? -1 : store_answer_remove(w, r.id, e);
}

static int purchases(struct db_conn *w, struct arena *a, struct err *e)
{
	struct hour_purchase p = { .customer_id = 1, .minutes = 60, .price_ore = 1, .bought_day = 20000, .expires_day = 20100, .note = "", .created_by = 1, .created_at = 1 };

	return store_purchase_add(w, &p, e) != 0 || store_purchase_get(w, a, p.id, &p, e) != 0 ? -1 : store_purchase_remove(w, 1, p.id, NOW, 1, e);
}

static int passkeys(struct db_conn *w, struct arena *a, struct err *e)
{
	struct passkey p = { .who_kind = "person", .who_id = 1, .name = "x", .rp_id = "x", .cred_id = { "c", 1 }, .handle = { "h", 1 }, .key = { "k", 1 }, .alg = -7,
		.created_at = 1 }, *all;
	int n;

	return store_passkey_add(w, &p, e) != 0 || store_passkey_find(w, a, p.cred_id, &p, e) != 0 || store_passkey_list(w, a, "person", 1, &all, &n, e) != 0 ||
		store_passkey_used(w, p.id, 1, NOW, e) != 0 || store_passkey_spend(w, hash, NOW, NOW + 1, e) != 0 ? -1 : store_passkey_remove(w, "person", 1, p.id, e);
}

static int incoming(struct db_conn *w, struct arena *a, struct err *e)
{
	struct mail_in m = { .received_at = 1, .sha256 = "ff", .sender = "k@x.example", .recipients = "d@x.example", .state = "done", .note = "", .content_sha256 = "" };
	bool again;

	return store_mail_in_add(w, &m, &again, e) != 0 || store_mail_in_tried(w, m.id, "x", e) != 0 || store_mail_in_set(w, &m, e) != 0 ? -1 : store_mail_in_drop(w, m.id, e);
}

static int tokens(struct db_conn *w, struct arena *a, struct err *e)
{
	struct api_token *all, t;
	struct session_who who;
	int64_t id;
	int n;

	return token_add(w, 1, "x", hash, "*", NOW, &id, e) != 0 || token_find(w, a, hash, &t, &who, e) != 0 || token_list(w, a, &all, &n, e) != 0 ||
		token_used(w, id, NOW, e) != 0 ? -1 : token_revoke(w, id, NOW, e);
}

static int sessions(struct db_conn *w, struct arena *a, struct err *e)
{
	struct session s = { .who_kind = "person", .who_id = 1, .csrf = "00", .created_at = NOW, .seen_at = NOW, .expires_at = 2 * (int64_t)NOW, .address = "", .agent = "" }, *all;
	struct session_who who;
	int n;

	memcpy(s.hash, hash, 32);
	return session_add(w, &s, e) != 0 || session_find(w, a, hash, NOW + 1, NOW, NOW, &s, &who, e) != 0 || session_seen(w, hash, NOW + 2, e) != 0 ||
		session_list(w, a, "person", 1, NOW, &all, &n, e) != 0 || session_drop(w, hash, e) != 0 ? -1 : session_drop_all(w, "person", 1, NULL, e);
}

static int links(struct db_conn *w, struct arena *a, struct err *e)
{
	int64_t customer, contact;

	return signin_link_add(w, hash, 1, 1, NOW, 2 * (int64_t)NOW, e) != 0 || signin_link_find(w, hash, NOW, &customer, &contact, e) != 0 ? -1 : signin_link_drop(w, 1, e);
}

static int codes(struct db_conn *w, struct arena *a, struct err *e)
{
	const uint8_t two[2][32] = { { 1 }, { 2 } };
	int64_t left;
	bool was;

	return store_person_set_totp(w, 1, "x", 1, 0, e) != 0 || store_person_use_totp(w, 1, 5, &was, e) != 0 || store_recovery_set(w, 1, two, 2, e) != 0 ||
		store_recovery_use(w, 1, two[0], &was, e) != 0 ? -1 : store_recovery_left(w, 1, &left, e);
}

static int agreements(struct db_conn *w, struct arena *a, struct err *e)
{
	struct agreement_item item = { .service = "support", .catalogue_version = 1, .terms = "{}" };
	struct agreement g = { .customer_id = 1, .state = "draft", .lang = "da", .valid_from_day = 20000, .valid_to_day = INT32_MAX, .period = "", .note = "", .created_at = 1,
		.created_by = 1, .accepted_name = "", .accepted_via = "", .text_sha256 = "ab", .items = &item, .nitems = 1 }, *all;
	struct agreement_accepted got;
	struct db_bytes pdf;
	const char *text;
	int n;

	if (store_agreement_add(w, a, &g, e) != 0 || store_agreement_list(w, a, 1, 0, 10, &all, &n, e) != 0 ||
	    store_agreement_keep_text(w, &g, "ab", "text", NOW, e) != 0 || store_agreement_text(w, a, &g, &text, e) != 0 ||
	    store_agreement_keep_doc(w, &g, "ab", "{}", NOW, e) != 0 || store_agreement_doc(w, a, &g, &text, e) != 0 ||
	    store_agreement_keep_pdf(w, &g, "%PDF", 4, NOW, e) != 0 || store_agreement_pdf(w, a, &g, &pdf, e) != 0)
		return -1;
	return store_agreement_next_accepted(w, a, 0, &got, e);
}

static int needs(struct db_conn *w, struct arena *a, struct err *e)
{
	struct need n = { .customer_id = 1, .promise = "p.q", .title = "t", .body = "b", .kind = "duty", .object = "", .answer = "", .asked_at = NOW }, *all;
	int count;

	return store_need_add(w, &n, e) != 0 || store_need_get(w, a, 1, n.id, &n, e) != 0 || store_need_open(w, a, 1, &all, &count, e) != 0 ||
		store_need_for(w, a, 1, "p.q", &n, e) != 0 || store_need_stale(w, a, 2 * (int64_t)NOW, &all, &count, e) != 0 ? -1 : store_need_remind(w, 1, n.id, NOW, e);
}

static int attestations(struct db_conn *w, struct arena *a, struct err *e)
{
	struct attestation t = { .customer_id = 1, .promise = "p.q", .person_id = 1, .person_name = "Mette", .at = NOW, .expires_at = 2 * (int64_t)NOW, .note = "x" }, *all;
	int n;

	return store_attestation_add(w, &t, e) != 0 || store_attestation_list(w, a, 1, NULL, NOW, &all, &n, e) != 0 ? -1 : store_attestation_withdraw(w, 1, t.id, NOW, e);
}

static int promises(struct db_conn *w, struct arena *a, struct err *e)
{
	struct promise_row r = { .customer_id = 1, .agreement_id = 1, .service = "s", .promise = "s.p", .party = "us", .state = "kept", .since_at = NOW, .measured_at = NOW,
		.reasons = "[]", .evidence = "[]", .check_at = MOMENT_NEVER }, *all;
	struct promise_unread *unread;
	int64_t count[7], n64, at;
	const char *hex;
	bool is;
	int n;

	return store_promise_turn(w, 0, &r, &is, e) != 0 || store_promise_ticket(w, r.id, 1, e) != 0 || store_promise_held(w, a, 1, true, &all, &n, e) != 0 ||
		store_promise_waits(w, 1, &is, e) != 0 || store_promise_count(w, 1, "s", count, &n64, &at, e) != 0 || store_promise_broken(w, &n64, e) != 0 ||
		store_promise_unread(w, a, &unread, &n, e) != 0 || store_promise_history(w, a, 1, NULL, 0, 10, &all, &n, e) != 0 ||
		store_promise_hash(w, a, r.id, &hex, e) != 0 || store_promise_holders(w, a, "s.p", &all, &n, e) != 0 || store_promise_ended(w, 1, &at, e) != 0 ||
		store_promise_owner(w, 1, &n64, e) != 0 ? -1 : store_promise_mark_set(w, NOW, 1, e);
}

static int closes(struct db_conn *w, struct arena *a, struct err *e)
{
	struct month_close m = { .customer_id = 1, .month = 600, .closed_at = NOW, .closed_by = 1, .statement = "{}", .sha256 = "ab" };
	struct month_customer *all;
	int64_t count;
	bool told;
	int n;

	return store_month_close_add(w, &m, e) != 0 || store_month_close_next(w, a, 0, INT32_MIN, &m, e) != 0 || store_month_close_told(w, &m, &told, e) != 0 ||
		store_month_close_events(w, &count, e) != 0 ? -1 : store_month_customers(w, a, 600, 18262, 18292, &all, &n, e);
}

static int probes(struct db_conn *w, struct arena *a, struct err *e)
{
	struct probe_month m = { .at = NOW };
	int64_t customer, contact, number;
	const char **sha;
	int n, nsha;
	struct err none;

	if (store_probe_customer(w, "desk@pedel.invalid", NOW, &customer, &contact, e) != 0 || store_probe_month(w, a, NOW, &m, e) != 0 ||
	    store_probe_month_next(w, a, NOW + 1, &m, e) != 0 || store_probe_month_mark(w, &m, e) != 0 || store_probe_tidy(w, a, NOW, &n, &sha, &nsha, e) != 0)
		return -1;
	if (store_probe_ticket(w, customer, "x", &number, &none) != 0 && none.id != E_NOT_FOUND)
		return *e = none, -1;
	return 0;
}

static int messages(struct db_conn *w, struct arena *a, struct err *e)
{
	struct message m = { .customer_id = 1, .ticket_id = 1, .at = NOW, .author_kind = "contact", .author_id = 1, .author_name = "x", .visibility = "public", .channel = "portal",
		.body = "b", .body_html = "", .message_id = "", .auto_class = "", .raw_sha256 = "", .auth = "" };
	struct attachment f = { .customer_id = 1, .ticket_id = 1, .name = "x", .mime = "text/plain", .bytes = 1, .sha256 = "ab", .content_id = "" };
	struct outmail o = { .kind = "reply" };
	struct outfile *files;
	int n;

	if (store_message_add(w, &m, e) != 0)
		return -1;
	f.message_id = o.message_row = m.id;
	return store_attachment_add(w, &f, e) != 0 || store_attachment_get(w, a, 1, f.id, true, &f, e) != 0 ? -1 : outbox_files(w, a, &o, &files, &n, e);
}

static int outgoing(struct db_conn *w, struct arena *a, struct err *e)
{
	struct outmail m = { .created_at = NOW, .kind = "reply", .recipient = "k@x.example", .subject = "s", .body = "b", .body_html = "", .in_reply_to = "", .references = "" };
	struct outbox_stuck stuck;
	const char *token;
	int64_t number;

	return outbox_add(w, a, &m, e) != 0 || outbox_find(w, a, m.message_id, &m, e) != 0 || outbox_stuck(w, a, &stuck, e) != 0 ||
		outbox_token(w, a, 1, &token, e) != 0 ? -1 : outbox_token_read(w, a, token, &number, e);
}

static int people_found(struct db_conn *w, struct arena *a, struct err *e)
{
	struct ticket_choice *customers, *people;
	int64_t *of;
	int n, m;

	return store_ticket_find_people(w, a, "al", 5, &customers, &n, &people, &of, &m, e);
}

static int searched(struct db_conn *w, struct arena *a, struct err *e)
{
	struct ticket_query q = { .q = "x", .sort = SORT_NEWEST, .now = NOW, .limit = 10 };
	struct ticket *all;
	const char *next;
	int n;

	return store_ticket_list(w, a, &q, &all, &n, &next, e);
}

static int conf_loop(struct arena *a, struct err *e)
{
	struct conf *c;

	return conf_set(a, folder, "port", "80", e) != 0 ? -1 : conf_read(a, folder, NULL, &c, e);
}

static int seal_loop(struct arena *a, struct err *e)
{
	struct seal_key k;

	unlink(file);                           /* it is not made twice */
	return seal_key_make(file, e) != 0 ? -1 : seal_key_read(file, &k, e);
}

static int chain_loop(struct store_case *s, struct arena *a, struct err *e)
{
	const struct seal_key master = { { 1 } };
	struct chain_key k;
	struct chain_note n;
	struct db_conn *c;
	int64_t last;
	int rc;

	unlink(arena_printf(a, "%s/chain.key", folder));
	unlink(arena_printf(a, "%s/chain.pub", folder));
	unlink(arena_printf(a, "%s/chain.last", folder));
	if (chain_key_make(folder, &master, e) != 0 || chain_key_read(folder, &master, &k, e) != 0 || chain_open(s->db, folder, &k, e) != 0 ||
	    chain_note_write(s->db, folder, &k, NOW, e) != 0 || chain_note_read(folder, k.pub, &n, e) != 0 || db_read_begin(s->db, &c, e) != 0)
		return -1;
	rc = chain_note_verify(c, &n, e);
	/* the seal is of the key of the first time: it does not fit this one, and that is said only when it was read */
	if (rc == 0 && (rc = chain_end_verify(c, &k, &last, e)) != 0 && e->id == E_CHAIN_BROKEN)
		rc = 0;
	db_read_end(c);
	return rc;
}

static int chain_verified(struct db_conn *w, struct arena *a, struct err *e)
{
	struct chain_key k;
	int64_t count;

	crypto_sign_keypair(k.pub, k.secret);
	return chain_sign(w, a, &k, NOW, e) != 0 || chain_begun(w, NOW, e) != 0 || chain_verify(w, k.pub, &count, e) != 0 ? -1 :
		event_verify(w, &count, e);
}

static void nothing_missing(void *arg, const char *sha256) { }

/* Calls inside a job; w is the writer, x the test. */
#define CALLS(X) \
	X(customer_set, set_customer(w, a, e)) X(contact_set, set_contact(w, a, e)) X(person_set, set_person(w, a, e)) X(category_set, set_category(w, a, e)) \
	X(sites, sites(w, a, e)) X(views, views(w, a, e)) X(answers, answers(w, a, e)) X(purchases, purchases(w, a, e)) X(passkeys, passkeys(w, a, e)) \
	X(incoming, incoming(w, a, e)) X(tokens, tokens(w, a, e)) X(sessions, sessions(w, a, e)) X(links, links(w, a, e)) X(codes, codes(w, a, e)) \
	X(agreements, agreements(w, a, e)) X(needs, needs(w, a, e)) X(attestations, attestations(w, a, e)) X(promises, promises(w, a, e)) \
	X(closes, closes(w, a, e)) X(probes, probes(w, a, e)) X(messages, messages(w, a, e)) X(outgoing, outgoing(w, a, e)) X(people_found, people_found(w, a, e)) X(searched, searched(w, a, e)) \
	X(chain_verified, chain_verified(w, a, e)) \
	X(said_yes, store_agreement_said_yes(w, a, 0, 10, &(struct agreement_yes_row *){ 0 }, &(int){ 0 }, e)) \
	X(answered, store_need_answered(w, a, 0, 10, &(struct need_answer *){ 0 }, &(int){ 0 }, e)) \
	X(catalogue_version, store_catalogue_version(w, "support", 1, "ab", &(int){ 0 }, e)) \
	X(contact_list, store_contact_list(w, a, 1, 0, 10, &(struct contact *){ 0 }, &(int){ 0 }, e)) \
	X(contact_email, store_contact_by_email(w, a, "anna@alpha.example", &(struct contact){ 0 }, e)) X(contact_count, store_contact_count(w, 1, &(int64_t){ 0 }, e)) X(contact_password, store_contact_set_password(w, 1, 1, "x", e)) \
	X(contact_bounced, store_contact_bounced(w, 1, 1, NOW, e)) \
	X(customer_list, store_customer_list(w, a, "al", 0, 10, &(struct customer *){ 0 }, &(int){ 0 }, e)) X(customer_count, store_customer_count(w, &(int64_t){ 0 }, e)) \
	X(customer_domain, store_customer_by_domain(w, "alpha.example", &(int64_t){ 0 }, e)) X(customer_cvr, store_customer_by_cvr(w, "10000009", &(int64_t){ 0 }, e)) \
	X(site_list, store_site_list(w, a, 1, &(struct site *){ 0 }, &(int){ 0 }, e)) X(counter_set, counter_set(w, "x", 5, e)) \
	X(event_list_story, event_list_story(w, a, 1, 10, &(struct event *){ 0 }, &(int){ 0 }, e)) \
	X(mail_counts, store_mail_in_counts(w, &(int64_t){ 0 }, &(int64_t){ 0 }, e)) \
	X(mail_ref, store_mail_ref_find(w, a, "x@y", &(struct mail_ref *){ 0 }, &(int){ 0 }, e)) \
	X(person_login, store_person_by_login(w, a, "mette", &(struct person){ 0 }, e)) X(person_list, store_person_list(w, a, &(struct person *){ 0 }, &(int){ 0 }, e)) \
	X(person_email, store_person_by_email(w, a, "mette@x.example", &(struct person){ 0 }, e)) X(person_password, store_person_set_password(w, 1, "x", e)) \
	X(setting_list, setting_list(w, a, "", &(struct setting *){ 0 }, &(int){ 0 }, e)) \
	X(signin_log, signin_log_list(w, a, "person", 1, 10, &(struct signin *){ 0 }, &(int){ 0 }, e)) \
	X(ticket_number, store_ticket_by_number(w, a, any, 1, &(struct ticket){ 0 }, e)) X(ticket_dedupe, store_ticket_by_dedupe(w, a, "one", &(struct ticket){ 0 }, e)) \
	X(ticket_merged, store_ticket_merged(w, a, 1, &(struct ticket *){ 0 }, &(int){ 0 }, e)) X(ticket_place, store_ticket_place(w, 1, 1, e)) \
	X(ticket_spent, store_ticket_spent(w, 1, 10, e)) X(watcher_remove, store_watcher_remove(w, 1, "email", 0, "k@x.example", e)) \
	X(ticket_contact_email, store_ticket_contact_by_email(w, a, "anna@alpha.example", &(int64_t){ 0 }, &(int64_t){ 0 }, e)) \
	X(ticket_customer, store_ticket_customer_is(w, 1, &(bool){ 0 }, e)) X(ticket_customers, store_ticket_customers(w, a, &(struct ticket_choice *){ 0 }, &(int){ 0 }, e)) \
	X(ticket_customers_all, store_ticket_customers_all(w, a, &(struct ticket_choice *){ 0 }, &(int){ 0 }, e)) \
	X(ticket_owners_all, store_ticket_owners_all(w, a, &(struct ticket_choice *){ 0 }, &(int){ 0 }, e)) \
	X(ticket_persons, store_ticket_persons(w, a, &(struct ticket_choice *){ 0 }, &(int){ 0 }, e)) \
	X(ticket_contacts, store_ticket_contacts(w, a, 1, &(struct ticket_choice *){ 0 }, &(int){ 0 }, e)) \
	X(category_add, store_category_add(w, &(struct category){ .key = "ny", .name_da = "Ny", .name_en = "New", .service = "" }, e)) \
	X(category_used, store_category_used(w, "printer", &(bool){ 0 }, e)) \
	X(category_remove, store_category_remove(w, &(struct category){ .key = "phone", .version = 1 }, e)) \
	X(outbox_withdraw, outbox_withdraw(w, 1, "solved", 1, e)) \
	X(category_place, store_category_place(w, "printer", 3, e)) X(category_first, first_categories(w, a, e)) \
	X(time_person, store_time_of_person(w, a, 1, 0, INT32_MAX, &(struct time_entry *){ 0 }, &(int){ 0 }, e)) \
	X(time_ticket, store_time_of_ticket(w, a, 1, &(struct time_entry *){ 0 }, &(int){ 0 }, e)) \
	X(time_list, store_time_list(w, a, 0, 0, 0, 0, 10, &(struct time_entry *){ 0 }, &(int){ 0 }, e)) \
	X(time_login, store_time_person_by_login(w, "mette", &(int64_t){ 0 }, e)) \
	X(check_database, check_database(w, &(int64_t){ 0 }, e)) X(check_alone, check_alone(w, 50, &(bool){ 0 }, e)) X(check_promises, check_promises(w, &(int64_t){ 0 }, e)) \
	X(check_blobs, check_blobs_used(w, &(struct blobs){ x->dir }, nothing_missing, NULL, &(int64_t){ 0 }, e))
#define DEFINE(name, ...) static int call_##name(struct store_case *x, struct db_conn *w, struct arena *a, struct err *e) { (void)x, (void)a; return __VA_ARGS__; }
CALLS(DEFINE)
#define ROW(name, ...) { #name, call_##name },
static const struct { const char *name; int (*call)(struct store_case *x, struct db_conn *w, struct arena *a, struct err *e); } calls[] = { CALLS(ROW) };

struct go { struct store_case *s; size_t i; int nth, keep, rc; bool fired; };

static int go_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct go *g = arg;

	fault_arm(g->nth, g->keep);
	g->rc = calls[g->i].call(g->s, w, a, e);
	g->fired = fault_fired();
	fault_arm(-1, 0);
	/* nothing of it is kept: the next one finds the world as it was */
	return g->rc != 0 ? -1 : FAIL(e, E_BUG, "taken back");
}

static int world_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const char *const rows[] = {
		"INSERT INTO customer(name,cvr,created_at) VALUES('Alpha','10000009',1)",
		"INSERT INTO customer_domain(domain,customer_id) VALUES('alpha.example',1)",
		"INSERT INTO person(login,name,email,role,created_at) VALUES('mette','Mette','mette@x.example','admin',1)",
		"INSERT INTO contact(customer_id,name,email,role,created_at) VALUES(1,'Anna','anna@alpha.example','owner',1)",
		"INSERT INTO ticket(number,customer_id,contact_id,subject,channel,created_at,updated_at,dedupe_key) VALUES(1,1,1,'x','portal',1,1,'one')",
		"INSERT INTO ticket(number,customer_id,subject,channel,created_at,updated_at,merged_into) VALUES(2,1,'y','portal',1,1,1)",
		"INSERT INTO watcher(ticket_id,customer_id,who_kind,email) VALUES(1,1,'email','k@x.example')",
		"INSERT INTO setting(key,value) VALUES('desk.from','Desk <desk@desk.example>')",
		"INSERT INTO agreement(customer_id,number,state,lang,valid_from_day,created_at,created_by,accepted_at) VALUES(1,'1-9','accepted','da',20000,1,1,1)",
		"INSERT INTO agreement_item(customer_id,agreement_id,service,catalogue_version,terms) VALUES(1,1,'support',1,'{}')" };
	struct event ev = { .at = NOW, .actor_kind = "system", .customer_id = 1, .object = "ticket", .object_id = 1, .kind = "ticket.created", .data = "{}" };
	struct category *all;
	int n;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (db_run(w, &(struct db_sql){ rows[i], NULL }, DB_NONE, NULL, e) != 0)
			return -1;
	if (store_category_list(w, a, &all, &n, e) != 0 || (n == 0 && store_category_first(w, e) != 0))
		return -1;
	return event_add(w, a, &ev, e);
}

static void world(struct store_case *s)
{
	struct err e = { 0 };

	if (db_write(s->db, world_job, NULL, &e) != 0)
		fail_msg("%s %s", err_name(e.id), e.detail);
}

static void test_each_call(void **state)
{
	struct store_case *s = *state;
	int fds, tried = 0;

	fault_arm(-1, 0);
	world(s);
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		struct go g = { s, i, .nth = -1 };
		struct err e = { 0 };

		db_write(s->db, go_job, &g, &e);
		if (g.rc != 0)
			fail_msg("%s: %s %s %s", calls[i].name, err_name(e.id), e.field, e.detail);
		fds = t_entries("/proc/self/fd");
		for (int keep = 0; keep <= 1; keep++) {
			g.fired = true;
			for (g.nth = 1, g.keep = keep; g.fired && g.nth < NTH_MOST; g.nth++, tried++) {
				db_write(s->db, go_job, &g, &e);
				if (g.fired != (g.rc != 0) || (g.fired && (e.id == E_NONE || e.id == E_BUG || e.id == E_NOT_FOUND || !e.detail[0])))
					fail_msg("%s, call %d: %d %s %s", calls[i].name, g.nth, g.rc, err_name(e.id), e.detail);
				if (t_entries("/proc/self/fd") > fds)
					fail_msg("%s, call %d: something is left open", calls[i].name, g.nth);
			}
			if (g.fired || g.nth < 3)
				fail_msg("%s: %d calls", calls[i].name, g.nth);
		}
	}
	CHECK(tried > 400);
}

/* ---- files, and what opens connections of its own */

#define FILES(X) \
	X(append, false, os_append_file(file, "x", 1, e)) X(conf, false, conf_loop(a, e)) X(seal, false, seal_loop(a, e)) X(chain, true, chain_loop(x, a, e)) \
	X(password, false, password_hash(a, "correct horse battery", &(const char *){ 0 }, e)) X(blobs, false, blob_verify(&(struct blobs){ x->dir }, &(int64_t){ 0 }, e)) \
	X(backup, false, backup_check(arena_printf(a, "%s/b.tar", folder), &(struct backup_report){ 0 }, e))
#define FILE_DEFINE(name, reads, ...) static int file_##name(struct store_case *x, struct arena *a, struct err *e) { (void)x, (void)a; return __VA_ARGS__; }
FILES(FILE_DEFINE)
#define FILE_ROW(name, reads, ...) { #name, reads, file_##name },
static const struct { const char *name; bool reads; int (*call)(struct store_case *x, struct arena *a, struct err *e); } files[] = { FILES(FILE_ROW) };

static void test_each_file(void **state)
{
	struct store_case *s = *state;
	struct blobs blobs = { s->dir };
	struct backup_report r;
	char hex[65];
	struct err e = { 0 };
	int fds;

	fault_arm(-1, 0);
	world(s);
	folder = arena_printf(s->a, "%s/data", s->dir);
	file = arena_printf(s->a, "%s/one", folder);
	CHECK(mkdir(folder, 0700) == 0);
	CHECK_INT(blob_put(&blobs, "x", 1, hex, &e), 0);
	CHECK_INT(os_replace_file(arena_printf(s->a, "%s/pedel.conf", folder), "port = 1\n", 9, 0600, &e), 0);
	if (backup_write(folder, s->db, arena_printf(s->a, "%s/b.tar", folder), NOW, &r, &e) != 0)
		fail_msg("%s %s", err_name(e.id), e.detail);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		for (int keep = 0; keep <= 1; keep++) {
			bool fired = true;
			int rc = -1, nth;

			if (files[i].call(s, s->a, &e) != 0)
				fail_msg("%s: %s %s", files[i].name, err_name(e.id), e.detail);
			fds = t_entries("/proc/self/fd");
			for (nth = 1; (rc != 0 || fired) && nth < NTH_MOST; nth++) {
				e = (struct err){ 0 };
				fault_arm(nth, keep);
				rc = files[i].call(s, s->a, &e);
				fired = fault_fired();
				/* only the end of a read may fail unheard: all is read by then */
				if (rc == 0 ? fired && !files[i].reads : !fired || e.id == E_NONE || e.id == E_BUG || !e.detail[0])
					fail_msg("%s, call %d after%s: %d %s %s", files[i].name, nth, fault_points(), rc, err_name(e.id), e.detail);
				fault_arm(-1, 0);
				if (t_entries("/proc/self/fd") > fds)
					fail_msg("%s, call %d: something is left open", files[i].name, nth);
			}
			if (rc != 0 || nth < 3)
				fail_msg("%s: %d calls", files[i].name, nth);
		}
}

struct comparing { struct db_conn *from; struct copy_report r; };

static int compare_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct comparing *k = arg;

	return copy_same(k->from, w, &k->r, e);
}

static void test_comparison(void **state)
{
	struct store_case *s = *state, *to = store_case_open(DB_SQLITE);
	struct comparing k = { 0 };
	struct err e = { 0 };

	for (int keep = 0; keep <= 1; keep++) {
		int rc = -1, nth;

		for (nth = 1; rc != 0 && nth < 20 * NTH_MOST; nth += nth / 16 + 1) {
			CHECK_INT(db_read_begin(s->db, &k.from, &e), 0);
			fault_arm(nth, keep);
			rc = db_write(to->db, compare_job, &k, &e);
			if (rc == 0 ? fault_fired() : !fault_fired() || e.id == E_NONE || e.id == E_CHAIN_BROKEN)
				fail_msg("call %d after%s: %d %s %s", nth, fault_points(), rc, err_name(e.id), e.detail);
			fault_arm(-1, 0);
			db_read_end(k.from);
		}
		CHECK(rc == 0 && nth > 10);
	}
	store_case_close(to);
}

int main(void)
{
	static const struct store_test tests[] = { STORE_TEST(test_each_call), STORE_TEST(test_each_file), STORE_TEST(test_comparison) };

	moment_zone();
	if (sodium_init() < 0)
		return 1;
	return store_tests_run(tests, sizeof tests / sizeof *tests);
}
