#!/usr/bin/env python3
"""planted.py - plants small, likely mistakes, one at a time, and demands that the tests notice each.

usage: planted.py [--again] [--list] [NAME ...]

Works on a copy in build/planted: the tree is copied, built once, and for each defect one file is changed, what depends on it is
built, and the named tests are run until one fails. A defect that no test notices, that does not compile, or whose place in
the source is gone makes the run fail. What was noticed is remembered in build/planted/noticed.json with the sources' hash, so
a run that was stopped goes on where it was; --again forgets it. A test is "NAME" of tests/unit, "corpus_NAME" or "flow/FILE".
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
HOME = ROOT / 'build/planted'
SRC, BUILD, NOTED = HOME / 'src', HOME / 'build', HOME / 'noticed.json'
ENV = {**os.environ, 'PEDEL_ROUNDS': '2000', 'CMOCKA_MESSAGE_OUTPUT': 'TAP'}

# name, file, what stood there, what stands there now, the tests that should notice
DEFECTS = [
    # time
    ('spring hour is moved back', 'src/base/moment.c', '\treturn (wall - before) * MOMENT_SECOND;         /* in', '\treturn (wall - after) * MOMENT_SECOND;         /* in', ['base']),
    ('the hour that is twice is the second', 'src/base/moment.c', 'most = before > after ? before : after, least = before > after ? after : before',
     'most = before > after ? after : before, least = before > after ? before : after', ['base']),
    ('weeks begin on Sunday', 'src/base/moment.c', 'int32_t thursday = day + 4 - weekday;', 'int32_t thursday = day + 3 - weekday;', ['base']),
    ('an offset counts the wrong way', 'src/base/moment.c', '- sign * (oh * MOMENT_HOUR', '+ sign * (oh * MOMENT_HOUR', ['base', 'corpus_typed']),
    ('Great Prayer Day is still a holiday', 'src/core/calendar.c', '{ 26, 2023,', '{ 26, 2032,', ['sla']),
    ('Ascension Day is a Friday', 'src/core/calendar.c', '{ 39, 0,', '{ 40, 0,', ['sla']),
    ('the second Christmas Day is a working day', 'src/core/calendar.c', '{ 12, 26, {', '{ 12, 27, {', ['sla']),
    # promises and clocks
    ('the clock runs while we wait for the customer', 'src/core/sla.c', 'if (runs(t, state) && till > at)', 'if (till > at)', ['sla']),
    ('an answer on the stroke is too late', 'src/core/sla.c', 'out->mark = ended_at > out->due_at', 'out->mark = ended_at >= out->due_at', ['sla']),
    ('no answer on the stroke is in time', 'src/core/sla.c', 'else if (now >= out->due_at)', 'else if (now > out->due_at)', ['sla']),
    ('merging starts the clock anew', 'src/core/sla.c', '\t\tmeter_had(r, ev[i].value * MOMENT_MINUTE, till);\n', '', ['sla', 'ticket']),
    ('a clock that is held never begins', 'src/core/sla.c', 'if (o.held && begun && !ended(o.state)) {', 'if (false) {', ['sla', 'ticket']),
    ('a solving that is taken back has answered', 'src/core/sla.c', 'if (v->kind == SLA_UNDONE && ', 'if (v->kind == SLA_UNDONE && !v->kind && ', ['sla', 'ticket']),
    ('a program\'s mail starts the clock', 'src/core/ticket.c', '\theld = !who->person && ', '\theld = who->person && ', ['promise']),
    ('one failed try breaks the promise', 'src/services/support/judge.c', '\tif (bad >= PROBE_FAILS || short_of)', '\tif (bad || short_of)', ['proofs']),
    ('a single slip of few tries breaks the month', 'src/services/support/judge.c', 'short_of = below && d->tries - d->good >= PROBE_FAILS;', 'short_of = below;', ['proofs']),
    ('a broken promise makes a ticket each time', 'src/core/promise_follow.c', 'if (store_ticket_by_dedupe(w, a, key, t, &none) == 0)',
     'if (false)', ['promise']),
    # money and minutes
    ('a whole quarter is rounded up to two', 'src/core/bank.c', '(minutes + step - 1) / step * step', '(minutes + step) / step * step', ['bank', 'bank_oracle']),
    ('half an oere is cut off', 'src/core/bank.c', 'return (2 * n + half) / (2 * whole);', 'return half ? n / whole : 0;', ['bank', 'bank_oracle']),
    ('part of a month is rounded down', 'src/core/bank.c', '(2 * minutes * days + 15 * of_days)', '(2 * minutes * days)', ['bank', 'bank_oracle']),
    ('the way home is never free', 'src/core/bank.c', '(home > allowed ? home - allowed : 0)', 'home', ['bank', 'bank_oracle']),
    ('a shared trip loses minutes', 'src/core/bank.c', ' - minutes * (part - 1) / customers', ' - (minutes / customers + 1) * (part - 1)', ['bank', 'bank_oracle']),
    ('a month is closed twice', 'src/core/work.c', '\tif (month <= l.closed_through) {\n\t\tstruct month_close kept;',
     '\tif (false) {\n\t\tstruct month_close kept;', ['work']),
    ('a month is closed before it is over', 'src/core/work.c', 'if (month >= month_of(now))\n\t\treturn FAIL_FIELD(e, E_MONTH_OPEN', 'if (month > month_of(now))\n\t\treturn FAIL_FIELD(e, E_MONTH_OPEN', ['work']),
    ('technicians close months', 'src/core/work.c', 'if (!(who->role & ROLE_BOOKS))\n\t\treturn FAIL(e, E_DENIED, "months', 'if (!who->role)\n\t\treturn FAIL(e, E_DENIED, "months', ['work', 'web']),
    ('time is written into a closed month', 'src/core/work.c', 'if (own <= closed && !in->late)', 'if (own < closed && !in->late)', ['work']),
    ('another technician\'s time is changed', 'src/core/work.c', 'if (who->role == ROLE_TECHNICIAN && t->person_id != who->id)', 'if (false)', ['work']),
    ('the notice that hours run low is sent twice', 'src/core/bank_tell.c', 'if (!first || told++)', 'if (told++)', ['work']),
    ('a formula in the CSV', 'src/pages/hours.c', 'strchr("=+-@\\t\\r", *s)', 'strchr("=+-\\t\\r", *s)', ['corpus_csv']),
    ('oere of one digit', 'src/web/ui_read.c', 'fine = (s[last + 1] - \'0\') * 10 +', 'fine = (s[last + 1] - \'0\') * (len - last == 3 ? 10 : 1) +', ['web']),
    ('more is borrowed than may be', 'src/core/bank.c', 'int64_t room = k->next_minutes * t->borrow_percent / 100 - (', 'int64_t room = k->next_minutes - (', ['bank', 'bank_oracle']),
    ('what is borrowed is borrowed again each time', 'src/core/bank.c', '\tk->g[k->borrowed].granted += m;', '\tk->g[k->borrowed].granted = m;', ['bank', 'bank_oracle']),
    ('bought hours are used before they are bought', 'src/core/bank.c', 'g->from_day > day ||', 'g->from_day > day + 40 ||', ['bank', 'bank_oracle']),
    ('the longest bought hours are used first', 'src/core/bank.c', 'return p->to_day < q->to_day ? -1 : 1;', 'return p->to_day < q->to_day ? 1 : -1;', ['bank', 'bank_oracle']),
    ('the last of a trip pays for all', 'src/core/bank.c', ' - minutes * (part - 1) / customers', ' - 0 * (part - 1) / customers', ['bank', 'bank_oracle']),
    ('to stop and ask is to ask', 'src/core/work.c', '\t\tif (yes != BANK_YES_ACCEPTED)', '\t\tif (yes > BANK_YES_ACCEPTED + 9)', ['work']),
    ('only the month that is written in stops', 'src/core/work.c', 'for (int32_t m = now.first; now.any && m <= now.last; m++) {', 'for (int32_t m = now.last; now.any && m <= now.last; m++) {', ['work']),
    # whose is it
    ('a ticket list without the customer', 'src/store/ticket.c', '\tif (s.customer_id)\n\t\tvalue(q, " AND t.customer_id=?", DB_INT(s.customer_id));\n\tif (s.contact_id)',
     '\tif (s.contact_id)', ['ticket']),
    ('an employee sees the house\'s tickets', 'src/store/ticket.c', '\tif (s.contact_id) {', '\tif (s.contact_id && !s.customer_id) {', ['ticket']),
    ('mail is threaded across customers', 'src/core/mail_thread.c', '\tif (s->customer_id && t->customer_id)\n\t\treturn same;', '\tif (s->customer_id && t->customer_id)\n\t\treturn true;', ['mail_thread']),
    ('a forwarded proof gives a voice', 'src/core/mail_thread.c', 'speaks(s, &t[i]) ? THREAD_APPEND : THREAD_ASIDE', 'THREAD_APPEND', ['mail_thread']),
    ('anybody\'s mail host is believed', 'src/core/mail_class.c', 'if (n != strlen(authserv) || strncasecmp(part, authserv, n) != 0)', 'if (n == 0)', ['mail_thread', 'corpus_mail_text']),
    ('tickets of two customers are merged', 'src/core/ticket_change.c', 'if (f.customer_id != t.customer_id || (!f.customer_id', 'if ((!f.customer_id', ['ticket']),
    ('an employee accepts the agreement', 'src/core/agreement.c', 'if (!c->active || !(role_by_name(c->role) & ROLE_DECIDES))', 'if (!c->active)', ['agreement']),
    ('an agreement is replaced twice', 'src/core/agreement.c', '\tif (is_state(old, "accepted"))\n\t\treturn 0;\n\treturn FAIL_FIELD', '\tif (!is_state(old, "draft"))\n\t\treturn 0;\n\treturn FAIL_FIELD', ['agreement']),
    ('two wait for the same yes', 'src/core/agreement.c', 'if (list[i].supersedes != old->id || ', 'if (list[i].id || ', ['agreement']),
    ('a customer of before is sent an agreement', 'src/core/agreement.c', 'return c.active ? 0 : FAIL_FIELD', 'return c.active || 1 ? 0 : FAIL_FIELD', ['agreement']),
    ('open tickets are due by the terms of before', 'src/core/agreement.c', 'return ticket_terms_changed(', 'return day < 0 && ticket_terms_changed(', ['agreement']),
    ('a no that is sent twice is two tickets', 'src/core/agreement_tell.c', '\t\t*again = true;', '\t\t*again = false;', ['agreement']),
    ('a yes is told to nobody', 'src/core/agreement_tell.c', '\tif (!p.id || !strchr(p.email, \'@\') || (', '\tif (p.id || (', ['agreement']),
    ('somebody of another customer follows a ticket', 'src/core/ticket_change.c', '\tif (customer_id != t->customer_id)\n\t\treturn t->customer_id ?', '\tif (!customer_id)\n\t\treturn t->customer_id ?', ['ticket']),
    ('solved is mailed after it was taken back', 'src/core/ticket_change.c', '!was_open && ticket_is_open(t) && outbox_withdraw(', 'was_open && ticket_is_open(t) && outbox_withdraw(', ['ticket', 'outbox']),
    ('two agreements promise the same', 'src/core/agreement.c', 'if (others[i].id == g->id ||', 'if (others[i].id ||', ['agreement']),
    ('the role is not asked', 'src/web/dispatch.c', 'if (!(r->roles & w->who.role))\n\t\treturn w->who.role', 'if (!(r->roles & w->who.role) && w->who.role == ROLE_NOBODY)\n\t\treturn w->who.role', ['web']),
    ('any form token fits', 'src/web/dispatch.c', 'if (!given || !w->own->csrf_secret || !csrf_fits(w->own->csrf_secret, given))', 'if (!given || !w->own->csrf_secret)', ['web']),
    ('another site may post', 'src/web/dispatch.c', 'if (check_origin(w, e) != 0)\n\t\treturn -1;', '(void)check_origin;', ['web']),
    ('a token\'s scope is not asked', 'src/web/dispatch.c', ' && !has_scope(w->own->scopes, r->doc->scope))', ' && !r->doc->scope)', ['web']),
    ('a session never ends', 'src/store/session.c', 'if (s->expires_at <= now || s->seen_at', 'if (s->seen_at', ['session']),
    ('a session never falls asleep', 'src/store/session.c', 'if (s->expires_at <= now || s->seen_at + (person ? idle_person_us : idle_contact_us) <= now)', 'if (s->expires_at <= now)', ['session']),
    ('a sign-in link works twice', 'src/store/session.c', 'UPDATE signin_link SET used_at=?2 WHERE token_hash=?1 AND used_at=0 AND', 'UPDATE signin_link SET used_at=?2 WHERE token_hash=?1 AND', ['session']),
    ('a kept page is anybody\'s', 'src/web/kept.c', '{ "cookie", "accept-language",', '{ "accept-language",', ['kept']),
    ('a kept page outlives a change', 'src/web/kept.c', 'return db_mark_same(&p->mark, mark) || ', 'return mark->known || ', ['kept']),
    ('a kept page outlives its time', 'src/web/kept.c', 'if (n && now >= n->page.until) {', 'if (n && !now) {', ['kept']),
    ('a kept page is asked again and not compared', 'src/web/kept.c', 'same = db_trace_same(', 'same = n || db_trace_same(', ['kept']),
    ('a kept page with one row more is the same', 'src/store/db_trace.c', 'return g->skip[slot] || db_next(cur, &ignored) == small;', 'return g->skip[slot] || db_next(cur, &ignored) >= 0;', ['trace', 'kept']),
    ('a kept page by the moment is asked by the old one', 'src/store/db_trace.c', '(written ? !tables_meet(&t->dated, written) : !t->dated.b[0] && !t->dated.b[1])', 'true', ['trace', 'kept']),
    ('of two commits only the last is looked at', 'src/store/db_trace.c', '\t\ttables_add(out, &k->tables);\n', '\t\t*out = k->tables;\n', ['trace', 'kept']),
    ('whoever holds the device is the person', 'src/web/webauthn.c', 'FLAG_PRESENT | FLAG_VERIFIED | FLAG_KEY, e)', 'FLAG_PRESENT | FLAG_KEY, e)', ['webauthn']),
    ('a passkey of another site', 'src/web/webauthn.c', '\telse if (!from || strcmp(from, origin) != 0)', '\telse if (!from)', ['webauthn']),
    ('a passkey inside a frame', 'src/web/webauthn.c', 'if (json_is_true(json_object_get(o, "crossOrigin")) ||', 'if (', ['webauthn']),
    ('what says it is long is believed', 'src/web/webauthn.c', ' || items_whole(&said->auth_data, true, e) != 0)', ')', ['webauthn']),
    ('a challenge counts twice', 'src/store/passkey.c', 'return changed ? 0 : FAIL(e, E_PASSKEY_SPENT', 'return changed >= 0 ? 0 : FAIL(e, E_PASSKEY_SPENT', ['passkey']),
    ('a contact has the passkeys of the colleague of that number', 'src/store/passkey.c', 'FROM passkey WHERE who_kind=?1 AND who_id=?2 ORDER', "FROM passkey WHERE ?1<>'' AND who_id=?2 ORDER", ['passkey']),
    ('a copied device is not noticed', 'src/core/passkey.c', '*back = (is.count || count) && count <= is.count;', '*back = is.count && count < is.count;', ['passkey']),
    ('twenty passkeys and one more', 'src/core/passkey.c', 'if (n >= PASSKEYS_MOST)', 'if (n > PASSKEYS_MOST)', ['passkey']),
    # what only the whole program shows
    ('signing in leads to another host', 'src/pages/signin.c', "next[0] != '/' || next[1] == '/' || ", "next[0] != '/' || ", ['flow/test_signin.py']),
    ('half an installation counts as one', 'src/bin/cli_home.c', 'if ((!c->filling && conf_whole(', 'if ((c->filling && conf_whole(', ['flow/test_pedel.py']),
    ('a bookkeeper is shown what says no', 'src/pages/promise.html', '(w->who.role & ROLE_DESK)) { %}', '(w->who.role & ROLE_STAFF)) { %}', ['flow/test_doors.py']),
    ('who has their password reset is told nothing', 'src/core/staff.c', '\tif (text_blank(m.recipient))', '\tif (*m.recipient)', ['flow/test_sessions.py']),
    # bytes from outside
    ('a quote mark is not escaped', 'src/web/escape.c', ", ['\\''] = \"&#39;\" };", ' };', ['web', 'corpus_escape']),
    ('any scheme is a link', 'src/web/escape.c', "return s[strcspn(s, \":/?#\")] != ':';", 'return s[0] != 0;', ['web', 'corpus_escape']),
    ('a file\'s name keeps its folder', 'src/base/text.c', '*last = back > slash ? back + 1 : slash ? slash + 1 : s;', '*last = back > s + 1000 ? back + 1 : slash ? slash + 1 : s;', ['web', 'corpus_multipart']),
    ('a cookie\'s name may be a beginning', 'src/web/session.c', "if (strncmp(s, name, n) == 0 && s[n] == '=')", 'if (strncmp(s, name, n) == 0 && s[n])', ['web', 'corpus_cookie']),
    ('HEAD has a body', 'src/net/http_send.c', 'if (j->rq.head || s->status == 204 ||', 'if (s->status == 204 ||', ['http']),
    ('a part one byte short', 'src/net/http_send.c', '(b < 0 || b >= size ? size - 1 : b) - a + 1;', '(b < 0 || b >= size ? size - 1 : b) - a;', ['http', 'corpus_range']),
    ('a chunk\'s size runs over', 'src/net/http_check.c', 'return ++j->chunk_n > 15 ? -1 : 0;', 'return ++j->chunk_n > 17 ? -1 : 0;', ['http_hostile', 'http']),
    ('two hosts in a request', 'src/net/http_check.c', 'single[] = { "host", "content-length"', 'single[] = { "content-length"', ['http_hostile']),
    ('anybody is a proxy', 'src/net/http_forward.c', '\tif (!named(proxies, peer))\n\t\treturn;', '\tif (!proxies)\n\t\treturn;', ['http', 'http_hostile']),
    ('a mail\'s dots stay doubled', 'src/net/lmtp_parse.c', 'break;                  /* the dot was stuffed: it goes */', "*o++ = '.';\n\t\t\tbreak;", ['lmtp', 'corpus_lmtp']),
    ('scripts stay in mail', 'src/conv/html.c', '{ "script", GONE }', '{ "script", KEEP }', ['mime', 'corpus_html']),
    ('a mail\'s link may run', 'src/conv/html.c', '"http://", "https://", "mailto:", "tel:" };\n\tchar *s, *o;', '"http://", "https://", "mailto:", "javascript:" };\n\tchar *s, *o;', ['mime', 'corpus_html']),
    ('a search word stands twice', 'src/store/search.c', '\t\tif (i && strcmp(o.p + o.at[i], o.p + o.at[i - 1]) == 0)\n\t\t\tcontinue;\n', '', ['search', 'corpus_search']),
    ('short words are lost', 'src/store/search.c', 'POOL_TIMES = 21', 'POOL_TIMES = 12', ['search', 'corpus_search']),
    ('an unknown field is passed over', 'src/web/json_read.c', '\t\tif (!*k)\n\t\t\treturn FAIL_FIELD(e, E_FIELD_UNKNOWN, key, "unknown");\n', '', ['web', 'corpus_json']),
    ('a number past the limit', 'src/web/json_read.c', 'if (got < min || got > max)', 'if (got < min)', ['web', 'corpus_json']),
    ('the first line of pedel.conf counts', 'src/os/conf.c', 'for (int i = c->n - 1; i >= 0; i--) ', 'for (int i = 0; i < c->n; i++) ', ['base', 'corpus_conf', 'file']),
    # lists
    ('the next page skips a row', 'src/store/ticket.c', '&(*out)[--*n - 1];', '&(*out)[--*n];', ['ticket']),
    ('the list is upside down', 'src/store/ticket.c', '" ORDER BY t.updated_at DESC,t.id DESC LIMIT ?"', '" ORDER BY t.updated_at,t.id LIMIT ?"', ['ticket']),
    ('the probe\'s tickets are everybody\'s', 'src/store/ticket.c', 'piece(q, "WHERE t.probe=0");', 'piece(q, "WHERE 1=1");', ['sweep', 'ticket']),
    # nothing is lost
    ('a blob is not synced', 'src/store/blob.c', '\tif (fault_hit("fsync") ? (errno = EIO, 1) : fsync(fd) != 0) {\n\t\tos_fail(e, "sync", tmp);\n\t\tgoto out;\n\t}\n\trc = settle', '\trc = settle', ['blob']),
    ('a blob\'s name is not synced', 'src/store/blob.c', '\treturn sync_name(b, dir, e);\n}\n\nint blob_put(', '\treturn dir[0] ? 0 : -1;\n}\n\nint blob_put(', ['blob']),
    ('a file is renamed before it is synced', 'src/os/file.c', '\tif (fault_hit("fsync") ? (errno = EIO, 1) : fsync(fd) != 0) {\n\t\tos_fail(e, "sync", tmp);\n\t\tgoto out;\n\t}\n\tif (fault_hit("rename")', '\tif (fault_hit("rename")', ['file']),
    ('an event does not know the one before', 'src/store/event.c', '\tbuf_add(&b, before, 32);\n', '', ['event']),
    ('an event\'s moment is not hashed', 'src/store/event.c', '\tfield_int(&b, ev->at);\n', '', ['event']),
    ('move-db loses a row', 'src/store/copy.c', 'rc = to ? db_run(', 'rc = to && sum->rows != 3 ? db_run(', ['copy']),
    ('ids begin again after move-db', 'src/store/copy.c', '\tif (seq == 0)\n\t\treturn 0;', '\tif (seq >= 0)\n\t\treturn 0;', ['copy']),
    ('a backup is not compared with its list', 'src/store/backup.c', 'if (rc == 0 && !json_equal(value, json_object_get(seen, name)))', 'if (rc == 0 && !json_object_get(seen, name))', ['backup']),
    ('the sweep forgets how far it came', 'src/core/promise_sweep.c', 'return x->mark ? mark_job(w, a, x->mark, e) : 0;', 'return 0;', ['promise', 'faults']),
    ('a sweep that fell begins again', 'src/core/promise_sweep.c', '\tif (reached > swept_at)', '\tif (false)', ['promise', 'faults']),
    ('two programs answer each other for ever', 'src/store/outbox.c', '*hold = n >= AUTO_PER_TICKET_HOUR;', '*hold = n < 0;', ['outbox']),
    ('the same mail becomes two tickets', 'src/store/mail_in.c', 'WHERE sha256=?1 AND sender=?2 AND recipients=?3 AND', "WHERE sha256=?1||'x' AND sender=?2 AND recipients=?3 AND", ['outbox']),
    ('the same bytes of two senders are one mail', 'src/store/mail_in.c', 'WHERE sha256=?1 AND sender=?2 AND recipients=?3 AND', 'WHERE sha256=?1 AND length(?2)>=0 AND recipients=?3 AND', ['outbox']),
    # bounds
    ('landlock is not applied', 'src/os/fence.c', 'rc = (int)syscall(SYS_landlock_restrict_self, rules, 0);', 'rc = rules < 0;', ['bounds']),
    ('a server may start programs', 'src/os/calls.c', 'deadly_for_server[] = { C(execve), C(fork), C(vfork), C(kill) };', 'deadly_for_server[] = { C(fork), C(vfork), C(kill) };', ['bounds']),
    ('the server may reach any port', 'src/os/fence.c', 'f->nport < 0 ? NET_BIND : NET_BIND | NET_CONNECT;', 'NET_BIND;', ['bounds']),
    ('seccomp is not loaded', 'src/os/calls.c', '\t\trc = seccomp_load(f);', '\t\trc = f == NULL;', ['bounds']),
    ('pedel-conv\'s children are not confined', 'src/conv/serve.c', 'if (confine(fonts, &e) != 0 ||', 'if (', ['conv_serve']),
]


def sources():
    h = hashlib.sha256()
    for part in ['src', 'tests/unit', 'tests/fuzz', 'tests/meson.build', 'tests/store_case.h', 'tests/t.h', 'catalogue']:
        for f in sorted((ROOT / part).rglob('*')) if (ROOT / part).is_dir() else [ROOT / part]:
            if f.is_file():
                h.update(str(f.relative_to(ROOT)).encode() + f.read_bytes())
    return h.hexdigest()


def copy():
    """Only what changed is written, so that a second run builds little."""
    files = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard'], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in files:
        old, here = SRC / name, ROOT / name
        if here.is_file() and not (old.exists() and old.read_bytes() == here.read_bytes()):
            old.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(here, old)
            shutil.copymode(here, old)
    if not (BUILD / 'build.ninja').exists():
        subprocess.run(['meson', 'setup', BUILD, SRC, '--buildtype=plain', '-Doptimization=0', '-Dwerror=false'], check=True, stdout=subprocess.DEVNULL)


def target(test):
    """What ninja builds for it; a test that starts pedel-conv does not depend on it."""
    if test.startswith('flow/'):
        return []
    return [f'tests/replay_{test[7:]}' if test.startswith('corpus_') else f'tests/test_{test}'] + ['src/bin/pedel-conv'] * (test in ('conv_serve', 'faults'))


def build(tests):
    targets = sum((target(t) for t in tests), []) if not any(t.startswith('flow/') for t in tests) else []
    return subprocess.run(['nice', 'ninja', '-C', str(BUILD), '-j2'] + targets, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def run(test):
    """0 when it passes."""
    if test.startswith('flow/'):
        argv, cwd, env = [sys.executable, f'tests/{test}'], SRC, {**ENV, 'PEDEL_BUILD': str(BUILD)}
    elif test.startswith('corpus_'):
        argv, cwd, env = [str(BUILD / f'tests/replay_{test[7:]}'), str(SRC / 'tests/fuzz/corpus' / test[7:])], SRC, ENV
    else:
        argv, cwd, env = [str(BUILD / f'tests/test_{test}')], SRC, ENV
    try:
        return subprocess.run(['nice'] + argv, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900).returncode
    except subprocess.TimeoutExpired:
        return 124


def plant(defect):
    """(verdict, which test)"""
    name, path, old, new, tests = defect
    f = SRC / path
    text = f.read_text()
    if text.count(old) != 1:
        return f'does not apply ({text.count(old)} places)', ''
    try:
        f.write_text(text.replace(old, new))
        for test in tests:
            done = build([test])
            if done.returncode:
                print(done.stdout[-1500:])
                return 'does not compile', test
            if run(test):
                return 'noticed', test
        return 'NOT NOTICED', ' '.join(tests)
    finally:
        f.write_text(text)


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument('--again', action='store_true')
    ask.add_argument('--list', action='store_true')
    ask.add_argument('name', nargs='*')
    opt = ask.parse_args()
    wanted = [d for d in DEFECTS if not opt.name or any(n in d[0] for n in opt.name)]
    if opt.list:
        print('\n'.join(f'{d[0]}: {d[1]}' for d in wanted))
        return 0
    copy()
    now = sources()
    noted = json.loads(NOTED.read_text()) if NOTED.exists() and not opt.again else {}
    left = [d for d in wanted if noted.get(d[0], {}).get('of') != now]
    tests = sorted({t for d in left for t in d[4]})
    if left:
        done = build(tests)
        if done.returncode:
            print(done.stdout[-4000:])
            return 1
        sick = [t for t in tests if run(t)]
        if sick:
            print('these fail without any defect: ' + ' '.join(sick))
            return 1
    bad = 0
    for d in wanted:
        if d in left:
            began = time.monotonic()
            verdict, test = plant(d)
            if verdict == 'noticed':
                noted[d[0]] = {'of': now, 'by': test}
                NOTED.write_text(json.dumps(noted, indent=1))
            took = f'{time.monotonic() - began:5.0f} s'
        else:
            verdict, test, took = 'noticed', noted[d[0]]['by'], '  before'
        bad += verdict != 'noticed'
        print(f'{"" if verdict == "noticed" else "not "}ok {d[0]:50} {verdict:12} {test:18} {took}', flush=True)
    print(f'{len(wanted)} planted, {len(wanted) - bad} noticed, {bad} not')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
