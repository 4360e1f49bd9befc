namespace CudaRpc.Client;

/// <summary>The server takes no more lanes of this session: the calls of one thread fail, the others go on.</summary>
internal sealed class LaneRefusedException(string message) : Exception(message);
