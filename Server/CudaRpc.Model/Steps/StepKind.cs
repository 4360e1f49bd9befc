namespace CudaRpc.Model;

/// <summary>How a thread gets past a step.</summary>
internal enum StepKind : byte
{
    Local,
    Posted,
    Waiting,

    /// <summary>As <see cref="Waiting"/>, again and again until the device is there.</summary>
    Poll,
}
