using CudaRpc.Driver;

namespace CudaRpc.Server;

/// <summary>A posted call that failed, kept until a synchronous call of the session can report it.</summary>
internal readonly record struct DeferredFailure(uint CallId, CUresult Result);
