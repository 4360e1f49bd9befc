namespace CudaRpc.Protocol
{
    internal static class ProtocolLimits
    {
        public const int Body = 1 << 20;
    }
}
