namespace CudaRpc.Workloads;

/// <summary>What an <see cref="Op"/> does.</summary>
public enum OpKind
{
    /// <summary>cuLaunchKernel.</summary>
    Launch,

    /// <summary>cuMemcpyHtoDAsync.</summary>
    CopyIn,

    /// <summary>cuMemcpyDtoHAsync.</summary>
    CopyOut,

    /// <summary>cuMemsetD8Async.</summary>
    Fill,

    /// <summary>cuEventRecord.</summary>
    Record,

    /// <summary>cuStreamWaitEvent.</summary>
    Wait,

    /// <summary>cuStreamSynchronize.</summary>
    SynchronizeStream,

    /// <summary>cuEventSynchronize.</summary>
    SynchronizeEvent,

    /// <summary>cuEventQuery until it is done.</summary>
    PollEvent,

    /// <summary>cuStreamQuery until it is done.</summary>
    PollStream,

    /// <summary>cuEventCreate and, when the step has ended, cuEventDestroy.</summary>
    CreateEvent,

    /// <summary>cuStreamCreate, and cuStreamDestroy.</summary>
    CreateStream,

    /// <summary>cuMemAlloc, and cuMemFree.</summary>
    Allocate,

    /// <summary>cuGraphLaunch of the workload's graph.</summary>
    LaunchGraph,

    /// <summary>cuCtxGetDevice: what a framework asks before it launches.</summary>
    Ask,

    /// <summary>No call: the program is busy with itself.</summary>
    Think,
}
