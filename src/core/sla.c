#include "core/sla.h"
#include <string.h>
#include "base/moment.h"

static const char *const priorities[PRIORITY__N] = { "normal", "important", "urgent" };
static const char *const states[TICKET_STATE__N] = { "new", "open", "waiting_customer", "waiting_third", "solved", "closed" };

static int find(const char *const *names, int n, const char *name)
{
	for (int i = 0; name && i < n; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

const char *ticket_priority_name(enum ticket_priority p) { return priorities[p]; }
const char *ticket_state_name(enum ticket_state s) { return states[s]; }
int ticket_priority_by_name(const char *name) { return find(priorities, PRIORITY__N, name); }
int ticket_state_by_name(const char *name) { return find(states, TICKET_STATE__N, name); }

static bool ended(int state) { return state == TICKET_SOLVED || state == TICKET_CLOSED; }

/* Does the solution clock run in this state? The gap between solved and reopened runs only when it is not a pause. */
static bool runs(const struct sla_terms *t, int state)
{
	return state == TICKET_NEW || state == TICKET_OPEN || (ended(state) && !t->reopen_pauses);
}

struct meter { const struct calendar *calendar; int64_t target_us, used_us, due_at; };

/* One stretch in which the clock runs. Where the target is reached, and on which side of a night, is decided here. */
static void meter_run(struct meter *m, int64_t from, int64_t to)
{
	int64_t us = calendar_work_us(m->calendar, from, to);

	if (m->target_us && m->due_at == MOMENT_NEVER && m->used_us + us >= m->target_us)
		m->due_at = calendar_after(m->calendar, from, m->target_us - m->used_us);
	m->used_us += us;
}

/* So much was used elsewhere of the same matter. */
static void meter_had(struct meter *m, int64_t us, int64_t at)
{
	m->used_us = us > m->used_us ? us : m->used_us;
	if (m->target_us && m->due_at == MOMENT_NEVER && m->used_us >= m->target_us)
		m->due_at = at;
}

static void meter_read(const struct meter *m, int64_t ended_at, bool running, int64_t last, int64_t now, struct sla_clock *out)
{
	*out = (struct sla_clock){ .due_at = m->due_at, .ended_at = ended_at, .used_us = m->used_us, .target_us = m->target_us };
	if (!m->target_us) {
		out->mark = SLA_NONE;
		return;
	}
	if (out->due_at == MOMENT_NEVER && running)
		out->due_at = calendar_after(m->calendar, last, m->target_us - m->used_us);
	if (ended_at)
		out->mark = ended_at > out->due_at ? SLA_MISSED : SLA_MET;
	else if (now >= out->due_at)            /* an answer at that very moment is in time; without one it is not */
		out->mark = SLA_OVERDUE;
	else
		out->mark = running ? SLA_RUNNING : SLA_PAUSED;
}

/* What is decided before the clocks are walked: when each ends, and with which priority. */
struct outcome {
	int64_t start, answered_at, said_at, solved_at;         /* said: by a person, in words */
	int start_i, answer_i, said_i, solve_i; /* of which event; two may have the same moment */
	int answer_priority, said_priority, solve_priority, priority, state, n;
	bool held, aside;
};

static struct outcome look(const struct sla_event *ev, int n, int64_t now)
{
	struct outcome o = { .start = ev[0].at, .priority = ev[0].value };
	int64_t at = o.start;
	bool begun = false;

	for (o.n = 0; o.n < n && (o.n == 0 || ev[o.n].at <= now); o.n++) {
		const struct sla_event *v = &ev[o.n];

		at = v->at > at ? v->at : at;
		if (v->kind == SLA_PRIORITY)
			o.priority = v->value;
		else if (v->kind == SLA_STATE) {
			if (ended(v->value) && !ended(o.state)) {
				o.solved_at = at;
				o.solve_i = o.n;
				o.solve_priority = o.priority;
			} else if (!ended(v->value)) {
				o.solved_at = 0;
			}
			o.state = v->value;
		}
		o.held |= v->kind == SLA_HELD;
		o.aside |= v->kind == SLA_HELD && v->value;
		begun |= v->kind == SLA_BEGUN;
		if (o.held && begun && !ended(o.state)) {
			o.held = false;
			o.start = at;
			o.start_i = o.n;
			o.answered_at = o.said_at = 0;
		}
		if (!o.said_at && v->kind == SLA_ANSWERED) {
			o.said_at = at;
			o.said_i = o.n;
			o.said_priority = o.priority;
		}
		if (v->kind == SLA_UNDONE && o.answer_i == o.solve_i) {
			o.answered_at = o.said_at;
			o.answer_i = o.said_i;
			o.answer_priority = o.said_priority;
		}
		if (!o.answered_at && (v->kind == SLA_ANSWERED || o.solved_at)) {
			o.answered_at = at;
			o.answer_i = o.n;
			o.answer_priority = o.priority;
		}
	}
	return o;
}

/* From the start to the answer, or now. */
static void fold_response(struct meter *r, const struct sla_event *ev, const struct outcome *o, int64_t now, struct sla_clock *out)
{
	int64_t at = o->start, end = o->answered_at ? o->answered_at : now;

	for (int i = o->start_i + 1; i < (o->answered_at ? o->answer_i : o->n); i++) {
		int64_t till = ev[i].at > at ? ev[i].at : at;

		if (ev[i].kind != SLA_WAITED)
			continue;
		meter_run(r, at, till);
		meter_had(r, ev[i].value * MOMENT_MINUTE, till);
		at = till;
	}
	meter_run(r, at, end);
	meter_read(r, o->answered_at, true, end, now, out);
}

static void fold_solution(struct meter *s, const struct sla_terms *t, const struct sla_event *ev, const struct outcome *o, int64_t now,
	struct sla_clock *out)
{
	int64_t at = o->start, end = o->solved_at ? o->solved_at : now;
	int state = TICKET_NEW;

	for (int i = 1; i <= o->n; i++) {
		int64_t till = i == o->n ? end : ev[i].at > at ? ev[i].at : at;

		till = till < end ? till : end;
		if (runs(t, state) && till > at)
			meter_run(s, at, till);
		at = till > at ? till : at;
		if (i < o->n && ev[i].kind == SLA_WORKED && i > o->start_i && (!o->solved_at || i < o->solve_i))
			meter_had(s, ev[i].value * MOMENT_MINUTE, at);
		if (i < o->n && ev[i].kind == SLA_STATE)
			state = ev[i].value;
	}
	meter_read(s, o->solved_at, o->solved_at || runs(t, o->state), end, now, out);
}

void sla_fold(const struct sla_terms *t, const struct sla_event *ev, int n, int64_t now, struct sla *out)
{
	struct meter r = { &t->calendar, 0, 0, MOMENT_NEVER }, s = r;
	struct outcome o;

	memset(out, 0, sizeof *out);
	out->next_due_at = MOMENT_NEVER;
	if (n <= 0)
		return;
	o = look(ev, n, now);
	out->state = (enum ticket_state)o.state;
	out->priority = (enum ticket_priority)o.priority;
	out->start_at = o.start;
	out->held = o.held;
	out->aside = o.aside;
	if (o.held) {
		out->response = (struct sla_clock){ .due_at = MOMENT_NEVER, .ended_at = o.answered_at };
		out->solution = (struct sla_clock){ .due_at = MOMENT_NEVER, .ended_at = o.solved_at };
		return;
	}
	r.target_us = t->response_minutes[o.answered_at ? o.answer_priority : o.priority] * MOMENT_MINUTE;
	s.target_us = t->solution_minutes[o.solved_at ? o.solve_priority : o.priority] * MOMENT_MINUTE;
	now = now > o.start ? now : o.start;
	fold_response(&r, ev, &o, now, &out->response);
	fold_solution(&s, t, ev, &o, now, &out->solution);
	if (!o.answered_at)
		out->next_due_at = out->response.due_at;
	if (!o.solved_at && out->solution.due_at < out->next_due_at && runs(t, o.state))
		out->next_due_at = out->solution.due_at;
}

static int minutes(const json_t *terms, const char *key, int fallback)
{
	const json_t *v = json_object_get(terms, key);

	return json_is_integer(v) ? (int)json_integer_value(v) : fallback;
}

int64_t sla_warn_at(const struct calendar *cal, const struct sla_clock *c, int64_t now)
{
	int64_t left = c->target_us * 3 / 4 - c->used_us;

	if (c->mark != SLA_RUNNING || c->target_us == 0)
		return 0;
	return left <= 0 ? now : calendar_after(cal, now, left);
}

int sla_terms_read(const json_t *terms, struct sla_terms *out, struct err *e)
{
	const char *hours = json_string_value(json_object_get(terms, "service_hours"));
	const json_t *days = json_object_get(terms, "closed_days"), *day;
	struct sla_terms t = { .reopen_pauses = true };
	int month, d;
	size_t i;

	if (calendar_parse(hours && *hours ? hours : "mon-fri 08:00-16:00", json_is_string(days) ? json_string_value(days) : "", &t.calendar, e) != 0)
		return -1;
	json_array_foreach(days, i, day) {
		if (calendar_closed_day(json_is_string(day) ? json_string_value(day) : "", &month, &d, e) != 0)
			return -1;
		if (t.calendar.nclosed == CALENDAR_CLOSED)
			return FAIL_FIELD(e, E_CLOSED_DAY_INVALID, "closed_days", "at most %d", CALENDAR_CLOSED);
		t.calendar.closed[t.calendar.nclosed++] = (uint16_t)(month * 32 + d);
	}
	t.response_minutes[PRIORITY_URGENT] = minutes(terms, "response_urgent_minutes", 60);
	t.response_minutes[PRIORITY_IMPORTANT] = minutes(terms, "response_important_minutes", 240);
	t.response_minutes[PRIORITY_NORMAL] = minutes(terms, "response_normal_minutes", 480);
	t.solution_minutes[PRIORITY_URGENT] = minutes(terms, "solution_urgent_minutes", 480);
	t.solution_minutes[PRIORITY_IMPORTANT] = minutes(terms, "solution_important_minutes", 960);
	t.solution_minutes[PRIORITY_NORMAL] = minutes(terms, "solution_normal_minutes", 2400);
	*out = t;
	return 0;
}

static bool public_one(const json_t *o)
{
	const char *v = json_string_value(json_object_get(o, "visibility"));

	return v && strcmp(v, "public") == 0;
}

/* Is it worth reading? Most events of a ticket say nothing to its clocks. */
static bool bears(const struct event *ev)
{
	static const char *const kinds[] = { "ticket.created", "ticket.changed", "message.added", "ticket.placed", "ticket.absorbed", "ticket.begun" };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(ev->kind, kinds[i]) == 0)
			return true;
	return false;
}

/* Does a change show that a held ticket is taken for real? Solving does not, nor taking a solving back: it is as it was before. */
static bool cares(const json_t *o)
{
	static const char *const fields[] = { "priority", "type", "category", "contact" };
	int state = ticket_state_by_name(json_string_value(json_array_get(json_object_get(o, "state"), 1)));

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (json_object_get(o, fields[i]))
			return true;
	return json_integer_value(json_object_get(o, "owner_id")) > 0 || (state >= 0 && !ended(state) && !json_is_true(json_object_get(o, "undone")));
}

void sla_events_read(struct arena *a, const struct event *ev, int n, struct sla_event **out, int *nout)
{
	struct sla_event *v = ARENA_ARRAY(a, struct sla_event, n * 4 + 1);
	int m = 0, x, said = 0;
	bool held = false;

	for (int i = 0; i < n; i++) {
		const char *kind = ev[i].kind;
		json_t *o = bears(&ev[i]) ? json_loads(ev[i].data, 0, NULL) : NULL;

		if (strcmp(kind, "ticket.created") == 0 && m == 0) {
			json_int_t since = json_integer_value(json_object_get(o, "since"));

			x = ticket_priority_by_name(json_string_value(json_object_get(o, "priority")));
			v[m++] = (struct sla_event){ since ? since : ev[i].at, SLA_CREATED, x < 0 ? PRIORITY_NORMAL : x };
			if ((x = ticket_state_by_name(json_string_value(json_object_get(o, "state")))) > 0)
				v[m++] = (struct sla_event){ ev[i].at, SLA_STATE, x };
			held = json_is_true(json_object_get(o, "held"));
			if (held || json_is_true(json_object_get(o, "aside")))
				v[m++] = (struct sla_event){ ev[i].at, SLA_HELD, json_is_true(json_object_get(o, "aside")) };
			held &= !json_is_true(json_object_get(o, "aside"));
			if (json_is_true(json_object_get(o, "answered")))
				v[m++] = (struct sla_event){ ev[i].at, SLA_ANSWERED, 0 };
		} else if (strcmp(kind, "ticket.changed") == 0 && m > 0) {
			x = ticket_priority_by_name(json_string_value(json_array_get(json_object_get(o, "priority"), 1)));
			if (x >= 0)
				v[m++] = (struct sla_event){ ev[i].at, SLA_PRIORITY, x };
			x = ticket_state_by_name(json_string_value(json_array_get(json_object_get(o, "state"), 1)));
			if (x >= 0)
				v[m++] = (struct sla_event){ ev[i].at, SLA_STATE, x };
			if (json_is_true(json_object_get(o, "undone")))
				v[m++] = (struct sla_event){ ev[i].at, SLA_UNDONE, 0 };
			if (held && cares(o))
				v[m++] = (struct sla_event){ ev[i].at, SLA_BEGUN, 0 };
		} else if (strcmp(kind, "message.added") == 0 && m > 0) {
			/* Only people write publicly into a ticket that is there; the first is the one it was made of. */
			if (held && said++ > 0 && public_one(o))
				v[m++] = (struct sla_event){ ev[i].at, SLA_BEGUN, 0 };
			if (json_is_true(json_object_get(o, "answers")))
				v[m++] = (struct sla_event){ ev[i].at, SLA_ANSWERED, 0 };
		} else if ((strcmp(kind, "ticket.placed") == 0 || strcmp(kind, "ticket.absorbed") == 0 || strcmp(kind, "ticket.begun") == 0) && m > 0) {
			if (held)
				v[m++] = (struct sla_event){ ev[i].at, SLA_BEGUN, 0 };
			if (json_is_integer(json_object_get(o, "waited_minutes")))
				v[m++] = (struct sla_event){ ev[i].at, SLA_WAITED, (int)json_integer_value(json_object_get(o, "waited_minutes")) };
			if (json_is_integer(json_object_get(o, "worked_minutes")))
				v[m++] = (struct sla_event){ ev[i].at, SLA_WORKED, (int)json_integer_value(json_object_get(o, "worked_minutes")) };
		}
		json_decref(o);
	}
	*out = v;
	*nout = m;
}
