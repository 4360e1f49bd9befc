namespace CudaRpc.Simulator.Objects;

/// <summary>A green context as a CUcontext, so that the one handle is not taken for the other.</summary>
internal sealed class GreenContextView(DriverGreenContext green) : ContextObject(green.Context)
{
    public DriverGreenContext Green { get; } = green;
}
