namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>
/// Where shared and local memory appear in the generic address space: below every <see cref="Memory.DeviceMemory"/>, above anything
/// a small integer mistaken for a pointer reaches.
/// </summary>
internal static class AddressWindows
{
    public const ulong Shared = 0x0100_0000_0000;
    public const ulong Local = 0x0200_0000_0000;
    public const ulong Size = 0x0100_0000_0000;
}
