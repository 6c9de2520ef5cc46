/* loop.h - one thread that waits for sockets and timers (libevent's loop), and takes tasks from other threads.
 *
 * Ownership:  a task belongs to who posted it, until its run() is called; the loop keeps no pointer after that.
 * Errors:     E_OS_CALL when the kernel gives no more descriptors or threads.
 * Units:      none.
 * Threads:    loop_post() from any; everything on loop_base() only from the loop's own thread. All signals are blocked
 *             in the loop's thread (also SIGPIPE).
 * Source:     libevent 2.1's book; eventfd(2). */
#ifndef PEDEL_NET_LOOP_H
#define PEDEL_NET_LOOP_H
#include "base/err.h"

struct loop;
struct event_base;
struct loop_task { struct loop_task *next; void (*run)(struct loop_task *t); };

int  loop_begin(struct loop **out, struct err *e);
int  loop_start(struct loop *l, struct err *e);         /* its thread runs from here */
struct event_base *loop_base(struct loop *l);
void loop_post(struct loop *l, struct loop_task *t);    /* run t in the loop's thread, in the order of posting */
void loop_stop(struct loop *l);         /* what was posted before has run; the thread has ended; NULL allowed; may be repeated */
void loop_end(struct loop *l);          /* after loop_stop(); runs what was posted since; NULL is allowed */
int  loop_thread(unsigned long *thread, void *(*run)(void *), void *arg, struct err *e);   /* a thread with all signals blocked */
#endif
