/* role.h - who somebody is, and what that lets them do.
 * Ownership: an actor is a plain value; its name lives where it came from.  Errors: none.  Units: none.
 * Threads: any: constants and pure functions.  Source: architecture, section 7. */
#ifndef PEDEL_CORE_ROLE_H
#define PEDEL_CORE_ROLE_H
#include <stdbool.h>
#include <stdint.h>

/* Bits, so that a right is a set of roles. */
enum role {
	ROLE_NOBODY     = 1 << 0,       /* not signed in */
	ROLE_ADMIN      = 1 << 1,       /* provider: everything, staff and settings too */
	ROLE_TECHNICIAN = 1 << 2,       /* provider: tickets, customers, agreements, time, promises */
	ROLE_BOOKKEEPER = 1 << 3,       /* provider: reads all; time, months and hours sold */
	ROLE_OWNER      = 1 << 4,       /* customer: everything of the customer's, accepts agreements, its people */
	ROLE_APPROVER   = 1 << 5,       /* customer: as an employee, sees hours and agreement, accepts and decides */
	ROLE_EMPLOYEE   = 1 << 6,       /* customer: reports and follows own tasks, sees the promises */
};
#define ROLE_STAFF    (ROLE_ADMIN | ROLE_TECHNICIAN | ROLE_BOOKKEEPER)
#define ROLE_DESK     (ROLE_ADMIN | ROLE_TECHNICIAN)
#define ROLE_CUSTOMER (ROLE_OWNER | ROLE_APPROVER | ROLE_EMPLOYEE)
#define ROLE_BOOKS    (ROLE_ADMIN | ROLE_BOOKKEEPER)
#define ROLE_DECIDES  (ROLE_OWNER | ROLE_APPROVER)
#define ROLE_ANYBODY  (ROLE_NOBODY | ROLE_STAFF | ROLE_CUSTOMER)

const char *role_name(enum role r);                     /* "technician": stored, in the API */
enum role role_by_name(const char *name);               /* 0 when there is none such */

/* Who does something: written into events, and the scope of every read. */
struct actor {
	enum role role;
	bool person;                    /* one of the provider's people; otherwise a contact (or nobody) */
	int64_t id;                     /* person or contact; 0: the system itself */
	int64_t customer_id;            /* a contact's customer: the only one it may see. 0 for the provider's people */
	const char *name;
};
static inline bool actor_is_staff(const struct actor *a) { return (a->role & ROLE_STAFF) != 0; }
/* May a see something of this customer? Staff may; a contact only its own; something not placed (0): staff only. */
static inline bool actor_sees(const struct actor *a, int64_t customer_id)
{
	return actor_is_staff(a) || (customer_id != 0 && a->customer_id == customer_id && (a->role & ROLE_CUSTOMER));
}
#endif
