namespace CudaRpc;

/// <summary>Memory of a device.</summary>
/// <param name="Free">Bytes that can still be allocated, by any program.</param>
/// <param name="Total">Bytes the device has.</param>
public readonly record struct DeviceMemoryInfo(long Free, long Total);
