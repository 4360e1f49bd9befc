using CudaRpc.Driver;

namespace CudaRpc.Server;

/// <summary>
/// A posted call that failed, kept until a synchronous call in the same context can report it. The context is the number in the frame's
/// header, 0 for none.
/// </summary>
internal readonly record struct DeferredFailure(uint CallId, CUresult Result, uint Context);
