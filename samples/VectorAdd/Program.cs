// Adds two vectors on the first device of a server, or of this process: VectorAdd [URL]
using CudaRpc;

const int Length = 1 << 20;
string url = args.Length > 0 ? args[0] : "sim:";

using CudaSession session = CudaSession.Connect(url);
using CudaContext context = session.Devices[0].CreateContext();
using CudaModule module = context.LoadModuleFile(Path.Combine(AppContext.BaseDirectory, "vector_add.ptx"));
CudaKernel vectorAdd = module.GetKernel("vector_add");

float[] left = [.. Enumerable.Range(0, Length).Select(i => i * 0.5f)];
float[] right = [.. Enumerable.Range(0, Length).Select(i => i * 2f)];
using DeviceMemory<float> a = context.Allocate(left);
using DeviceMemory<float> b = context.Allocate(right);
using DeviceMemory<float> c = context.Allocate<float>(Length);

// Nothing is awaited until the copy back, which waits for the kernel.
vectorAdd.Launch(LaunchConfiguration.ForElements(Length), a, b, c, Length);
float[] sums = c.ToArray();

int wrong = Enumerable.Range(0, Length).Count(i => sums[i] != left[i] + right[i]);
Console.WriteLine(wrong == 0 ? $"OK: {Length} sums on {session.Devices[0]}" : $"{wrong} of {Length} sums are wrong");
return wrong == 0 ? 0 : 1;
