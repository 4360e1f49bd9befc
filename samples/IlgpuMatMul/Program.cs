// A program written for ILGPU, which knows nothing of servers, on a server's device, or on a simulated one: IlgpuMatMul [URL]
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

const int Size = 96;

// The one line that is about CudaRpc: from here on ILGPU's CUDA is the server's.
CudaRpc.Interop.UseFor(typeof(CudaAccelerator).Assembly, args.Length > 0 ? args[0] : "sim:");

using Context context = Context.Create(static builder => builder.Cuda());
using CudaAccelerator accelerator = context.GetCudaDevices()[0].CreateCudaAccelerator(context);
var multiply = accelerator.LoadAutoGroupedStreamKernel<
    Index2D, ArrayView2D<float, Stride2D.DenseX>, ArrayView2D<float, Stride2D.DenseX>, ArrayView2D<float, Stride2D.DenseX>>(Multiply);

float[,] left = Fill(static (row, column) => (row + column) % 7);
float[,] right = Fill(static (row, column) => row == column ? 2 : 1);
using var a = accelerator.Allocate2DDenseX(left);
using var b = accelerator.Allocate2DDenseX(right);
using var c = accelerator.Allocate2DDenseX<float>(new Index2D(Size, Size));
multiply(c.IntExtent, a.View, b.View, c.View);
accelerator.Synchronize();

float[,] product = c.GetAsArray2D();
int wrong = 0;
for (int row = 0; row < Size; row++)
{
    for (int column = 0; column < Size; column++)
    {
        float expected = Enumerable.Range(0, Size).Sum(i => left[row, i] * right[i, column]);
        wrong += product[row, column] == expected ? 0 : 1;
    }
}

Console.WriteLine(wrong == 0 ? $"OK: {Size} x {Size} product on {accelerator.Name}" : $"{wrong} of {Size * Size} elements are wrong");
return wrong == 0 ? 0 : 1;

static void Multiply(
    Index2D index, ArrayView2D<float, Stride2D.DenseX> a, ArrayView2D<float, Stride2D.DenseX> b, ArrayView2D<float, Stride2D.DenseX> c)
{
    float sum = 0;
    for (int i = 0; i < a.IntExtent.Y; i++)
    {
        sum += a[index.X, i] * b[i, index.Y];
    }

    c[index] = sum;
}

static float[,] Fill(Func<int, int, float> value)
{
    float[,] matrix = new float[Size, Size];
    for (int row = 0; row < Size; row++)
    {
        for (int column = 0; column < Size; column++)
        {
            matrix[row, column] = value(row, column);
        }
    }

    return matrix;
}
