/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
 *
 * Tier "fexit" for kernels before 5.12, where tracing programs have neither
 * storage of sockets nor their cookies.
 */
#define WALK
#include "fexit.c"
