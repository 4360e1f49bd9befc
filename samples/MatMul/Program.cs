// Multiplies two square matrices on the first device of a server, or of this process: MatMul [URL [EDGE]]
using CudaRpc;

const int Tile = 16;
string url = args.Length > 0 ? args[0] : "sim:";
int edge = args.Length > 1 ? int.Parse(args[1]) : 128;

using CudaSession session = CudaSession.Connect(url);
using CudaContext context = session.Devices[0].CreateContext();
using CudaModule module = context.LoadModuleFile(Path.Combine(AppContext.BaseDirectory, "matmul_tiled.ptx"));
using CudaStream stream = context.CreateStream();
using CudaEvent start = context.CreateEvent();
using CudaEvent end = context.CreateEvent();

Random random = new(1);
float[] left = [.. Enumerable.Range(0, edge * edge).Select(_ => random.NextSingle())];
float[] right = [.. Enumerable.Range(0, edge * edge).Select(_ => random.NextSingle())];
float[] product = new float[edge * edge];
using DeviceMemory<float> a = context.Allocate<float>(left.Length);
using DeviceMemory<float> b = context.Allocate<float>(right.Length);
using DeviceMemory<float> c = context.Allocate<float>(product.Length);

// Copies, kernel and copy back are queued on one stream; the program is free until all of it is done.
Task[] copies = [a.CopyFromAsync(left, stream), b.CopyFromAsync(right, stream)];
int tiles = (edge + Tile - 1) / Tile;
start.Record(stream);
module.GetKernel("matmul_tiled").Launch(
    new LaunchConfiguration((tiles, tiles), (Tile, Tile), Stream: stream), a, b, c, edge, edge, edge);
end.Record(stream);
await Task.WhenAll([.. copies, c.CopyToAsync(product, stream)]);

double worst = 0;
for (int row = 0; row < edge; row++)
{
    for (int column = 0; column < edge; column++)
    {
        double expected = 0;
        for (int i = 0; i < edge; i++)
        {
            expected += (double)left[row * edge + i] * right[i * edge + column];
        }

        worst = Math.Max(worst, Math.Abs(product[row * edge + column] - expected) / expected);
    }
}

// Single precision: each of the edge additions may round by 2^-24 of the sum.
bool correct = worst <= edge * Math.Pow(2, -24);
Console.WriteLine(
    $"{(correct ? "OK" : "WRONG")}: {edge} x {edge} on {session.Devices[0]}, kernel {end.ElapsedSince(start).TotalMilliseconds:F3} ms, " +
    $"largest relative error {worst:E1}");
return correct ? 0 : 1;
