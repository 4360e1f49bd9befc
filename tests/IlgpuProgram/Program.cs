using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

const int Length = 10_000;
using Context context = Context.Create(builder => builder.Cuda());
using CudaAccelerator accelerator = context.GetCudaDevices()[0].CreateCudaAccelerator(context);
Action<Index1D, ArrayView<float>, ArrayView<int>, float> kernel =
    accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<int>, float>(ScaleAndCount);

float[] values = [.. Enumerable.Range(0, Length).Select(i => i * 0.5f)];
using MemoryBuffer1D<float, Stride1D.Dense> buffer = accelerator.Allocate1D(values);
using MemoryBuffer1D<int, Stride1D.Dense> count = accelerator.Allocate1D<int>(1);
count.MemSetToZero();
kernel(Length, buffer.View, count.View, 3f);
accelerator.Synchronize();

bool right = buffer.GetAsArray1D().Zip(values).All(pair => pair.First == pair.Second * 3f) && count.GetAsArray1D()[0] == Length / 2;
Console.WriteLine(right ? "OK" : "wrong");
return right ? 0 : 1;

static void ScaleAndCount(Index1D index, ArrayView<float> values, ArrayView<int> count, float factor)
{
    if (index % 2 == 0) Atomic.Add(ref count[0], 1);
    values[index] *= factor;
}
