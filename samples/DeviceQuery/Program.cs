// Lists the devices of a server, or of this process: DeviceQuery [URL]
using CudaRpc;
using CudaRpc.Driver;

string url = args.Length > 0 ? args[0] : "sim:";
using CudaSession session = CudaSession.Connect(url);

Console.WriteLine($"{url}: CUDA {session.DriverVersion}, {session.Devices.Count} device(s)");
foreach (CudaDevice device in session.Devices)
{
    Console.WriteLine();
    Console.WriteLine($"device {device}");
    Print("compute capability", device.ComputeCapability);
    Print("memory", $"{device.TotalMemory / (1024 * 1024)} MiB");
    Print("multiprocessors", device.GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT));
    Print("clock", $"{device.GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CLOCK_RATE) / 1000} MHz");
    Print("warp size", device.GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_WARP_SIZE));
    Print("threads per block", device.GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK));
    Print("shared memory per block", $"{device.GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK)} bytes");
    Print("UUID", device.Uuid);
}

static void Print(string property, object value) => Console.WriteLine($"  {property,-24} {value}");
