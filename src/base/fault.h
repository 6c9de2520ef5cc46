/* fault.h - in test builds, makes the nth call to the outside world fail; in release builds constant false.
 * fault_hit("write") stands in front of each outside call (file, socket, SQL). A test arms it, runs the work once per
 * nth until nothing fails, first failing once, then failing from there on.
 * Ownership: none.  Errors: fault_hit() gives 1 where the call must fail.  Units: calls, counted from 1.
 * Threads: armed by one test thread; counted per thread, or over all threads but that one.   Source: SQLite's fault loop. */
#ifndef PEDEL_BASE_FAULT_H
#define PEDEL_BASE_FAULT_H
#ifdef PEDEL_TEST
void fault_arm(int nth, int keep_failing);      /* nth counts from 1; -1 disarms */
int  fault_fired(void);                         /* did any call fail since fault_arm()? */
const char *fault_points(void);                 /* what was passed since, in order: "open write fsync rename" */
void fault_arm_others(int nth, int keep_failing);       /* the same for every thread but this one, counted together */
int  fault_fired_others(void);
int  fault_hit(const char *point);
#else
#define fault_hit(point) 0
#endif
#endif
