namespace CudaRpc.Simulator.Timing;

/// <summary>What work needs for itself while the device does it.</summary>
internal enum Engine
{
    /// <summary>The device has nothing to do with it.</summary>
    None,

    /// <summary>Kernels.</summary>
    Multiprocessors,

    /// <summary>Copies to the device, one at a time.</summary>
    ToDevice,

    /// <summary>Copies to the host, one at a time.</summary>
    ToHost,

    /// <summary>Copies and fills within the device: any number at a time.</summary>
    Memory,
}
