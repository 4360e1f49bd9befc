/* The program's own handlers, set before and after cuInit, get the program's own faults; a write to a closed pipe is its own affair. */
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile int* nowhere;

static void caught(int signal)
{
    siglongjmp(back, signal);
}

static int fault(void)
{
    int signal = sigsetjmp(back, 1);
    if (signal == 0) *nowhere = 1;
    return signal;
}

int main(int count, char** arguments)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = caught;
    int before = count > 1 && strcmp(arguments[1], "before") == 0;
    if (before) sigaction(SIGSEGV, &action, NULL);
    CHECK(cuInit(0));
    if (!before) sigaction(SIGSEGV, &action, NULL);
    printf("caught %d\n", fault() == SIGSEGV);
    printf("caught %d\n", fault() == SIGSEGV);
    return 0;
}
