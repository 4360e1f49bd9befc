/* A fault that nobody handles ends the program with that signal, as without the library. */
#include "check.h"

static volatile int* nowhere;

int main(void)
{
    CHECK(cuInit(0));
    *nowhere = 1;
    return 0;
}
