using System.Buffers.Binary;
using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Ptx;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Execution;

/// <summary>One launch of a kernel, with the parameters as they were when it was called.</summary>
internal sealed class KernelWork(KernelLauncher launcher, DriverFunction function, LaunchShape shape, byte[] parameters) : StreamWork
{
    public DriverFunction Function => function;

    public LaunchShape Shape => shape;

    public byte[] Parameters => parameters;

    public override void Run(DriverContext context) => Run(context, counts: null);

    public override long RunTimed(DriverContext context, DeviceTiming timing, WorkStart start)
    {
        if (timing.Profile.TimeOf(function.Kernel.Name) is { } time && Given(time) is long nanoseconds)
        {
            if (timing.Executes)
            {
                Run(context);
            }
            return timing.Take(timing.Kernel(shape.Blocks, nanoseconds), start);
        }
        var counts = new WorkCounts();
        if (timing.Executes)
        {
            Run(context, counts);
        }
        return timing.Take(timing.Kernel(shape.Blocks, counts.Instructions, counts.Bytes), start);
    }

    private void Run(DriverContext context, WorkCounts? counts) =>
        launcher.Launch(function.Module.Loaded, function.Kernel, shape, parameters, context.View, context.Cancelled, counts);

    // A kernel without such a parameter takes what it takes.
    private long? Given(KernelTime time)
    {
        if (time.Parameter is not int index)
        {
            return time.Nanoseconds;
        }
        if (index >= function.Kernel.Parameters.Count)
        {
            return null;
        }
        PtxParameter parameter = function.Kernel.Parameters[index];
        ReadOnlySpan<byte> value = parameters.AsSpan(parameter.Offset, parameter.Size);
        return parameter.Size switch
        {
            4 => BinaryPrimitives.ReadUInt32LittleEndian(value),
            8 => (long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(value), long.MaxValue),
            _ => null,
        };
    }

    public override NodeContent ToContent(DriverStream stream) => new KernelContent(this, function.Handle);
}
