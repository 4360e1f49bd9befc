// Tests here count the process's threads, allocated bytes and memory, so one runs at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
