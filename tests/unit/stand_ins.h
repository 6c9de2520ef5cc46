/* stand_ins.h - for what is not built yet. Goes away with it. */
__attribute__((weak)) int store_agreement_in_force(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t day, const char *service,
	struct agreement *g, struct agreement_item *item, struct err *e) { return FAIL(e, E_NOT_FOUND, "no agreement"); }
__attribute__((weak)) int outbox_add(struct db_conn *w, struct arena *a, struct outmail *m, struct err *e)
{
	static int serial;
	static const struct db_sql q = { "INSERT INTO outbox(created_at,kind,customer_id,ticket_id,message_row,sender,recipient,message_id,subject,body,auto,"
		"next_at) VALUES(?1,?2,?3,?4,?5,'',?6,?7,?8,?9,?10,0) RETURNING id", NULL };
	return db_id(w, &q, DB(DB_INT(m->created_at), DB_TEXT(m->kind), DB_ID(m->customer_id), DB_ID(m->ticket_id), DB_ID(m->message_row),
		DB_TEXT(m->recipient), DB_TEXT(arena_printf(a, "x%d", ++serial)), DB_TEXT(m->subject), DB_TEXT(m->body), DB_INT(m->automatic)), &m->id, e);
}
__attribute__((weak)) int search_put(struct db_conn *w, struct arena *a, int64_t id, const char *t, struct err *e) { return 0; }
__attribute__((weak)) const char *search_query(struct arena *a, enum db_kind kind, const char *q) { return NULL; }
__attribute__((weak)) const char *search_where(enum db_kind kind, int n) { return "id IN (SELECT 0)"; }
