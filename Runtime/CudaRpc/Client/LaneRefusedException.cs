namespace CudaRpc.Client;

/// <summary>There is no lane for one more thread, be it the server that takes no more or this process that has no descriptor left: the calls of one thread fail, the others go on.</summary>
internal sealed class LaneRefusedException(string message) : Exception(message);
