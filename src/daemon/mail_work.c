#include "daemon/mail_work.h"
#include <stdlib.h>

int mail_work_begin(const struct job_env *env, void *(*work)(void *arg), void **state, struct err *e)
{
	struct mail_work *w = calloc(1, sizeof *w);

	if (!w)
		return FAIL(e, E_OS_CALL, "no memory");
	w->env = env;
	w->app = env->web;
	if (bell_begin(&w->bell, work, w, e) != 0) {
		free(w);
		return -1;
	}
	*state = w;
	return 0;
}

void mail_work_wake(void *state) { bell_ring(&((struct mail_work *)state)->bell); }

void mail_work_end(void *state)
{
	struct mail_work *w = state;

	bell_end(&w->bell);
	free(w);
}
