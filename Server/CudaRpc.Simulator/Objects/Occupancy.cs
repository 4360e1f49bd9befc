namespace CudaRpc.Simulator.Objects;

/// <summary>
/// How many blocks of a kernel fit on a multiprocessor: by threads, registers and shared memory, each in the units in which an sm_90
/// multiprocessor hands it out (CUDA C++ programming guide, "Compute Capabilities").
/// </summary>
internal static class Occupancy
{
    private const int RegistersPerWarpUnit = 256, Partitions = 4, SharedUnit = 128;

    /// <summary>Resident blocks of one multiprocessor; 0 if not even one fits.</summary>
    public static int BlocksPerMultiprocessor(KernelTraits traits, int blockSize, nuint dynamicShared)
    {
        if (blockSize > traits.MaxThreads || dynamicShared > (nuint)traits.LargestDynamicShared)
        {
            return 0;
        }
        int warps = (blockSize + DeviceAttributes.WarpSize - 1) / DeviceAttributes.WarpSize;
        int byThreads = DeviceAttributes.ThreadsPerMultiprocessor / DeviceAttributes.WarpSize / warps;

        // Each warp lives in one of four partitions, which share the registers evenly.
        int perWarp = KernelTraits.RoundUp(traits.Registers * DeviceAttributes.WarpSize, RegistersPerWarpUnit);
        int byRegisters = DeviceAttributes.RegistersPerMultiprocessor / Partitions / perWarp * Partitions / warps;

        int shared = KernelTraits.RoundUp(traits.SharedBytes + (int)dynamicShared + DeviceAttributes.SharedReserved, SharedUnit);
        int byShared = DeviceAttributes.SharedPerMultiprocessor / shared;

        return Math.Min(Math.Min(byThreads, byRegisters), Math.Min(byShared, DeviceAttributes.BlocksPerMultiprocessor));
    }

    /// <summary>Dynamic shared memory each of <paramref name="blocks"/> blocks may have so that all fit on one multiprocessor.</summary>
    public static nuint DynamicShared(KernelTraits traits, int blocks)
    {
        int share = DeviceAttributes.SharedPerMultiprocessor / blocks / SharedUnit * SharedUnit;
        int free = share - DeviceAttributes.SharedReserved - traits.SharedBytes;
        return (nuint)Math.Clamp(free, 0, traits.LargestDynamicShared);
    }
}
