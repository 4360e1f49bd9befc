using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace CudaRpc.Kernels;

/// <summary>Runs samples on a device, with the public API only.</summary>
public static class KernelRunner
{
    /// <summary>
    /// Runs one sample in a context and verifies it: loads the module, copies the inputs in, launches, copies the results
    /// out. Blocks until all of it is done.
    /// </summary>
    /// <exception cref="CudaException">A call failed.</exception>
    public static KernelResult Run(CudaContext context, KernelSample sample, int size)
    {
        KernelCase prepared = sample.Prepare(size);
        string ptx = sample.ReadPtx();

        CallStatistics before = context.Session.Statistics;
        long start = Stopwatch.GetTimestamp();
        TimeSpan kernelTime = Execute(context, sample.Name, ptx, prepared);
        TimeSpan totalTime = Stopwatch.GetElapsedTime(start);
        CallStatistics after = context.Session.Statistics;

        return new KernelResult
        {
            Name = sample.Name,
            Size = sample.Describe(size),
            MaxError = prepared.MaxError(),
            Tolerance = prepared.Tolerance,
            DataBytes = prepared.BytesMoved,
            Calls = new CallStatistics(
                after.Posted - before.Posted,
                after.Synchronous - before.Synchronous,
                after.Local - before.Local,
                after.BytesSent - before.BytesSent,
                after.BytesReceived - before.BytesReceived),
            KernelTime = kernelTime,
            TotalTime = totalTime,
        };
    }

    private static TimeSpan Execute(CudaContext context, string name, string ptx, KernelCase prepared)
    {
        using CudaModule module = context.LoadModule(ptx);
        using CudaStream stream = context.CreateStream();
        using CudaEvent start = context.CreateEvent();
        using CudaEvent end = context.CreateEvent();
        foreach ((string global, byte[] contents) in prepared.Globals)
        {
            module.GetGlobal<byte>(global).CopyFrom(contents);
        }

        Dictionary<KernelBuffer, DeviceMemory<byte>> memory = [];
        try
        {
            foreach (KernelBuffer buffer in prepared.Buffers)
            {
                memory[buffer] = Upload(context, buffer);
            }

            CudaKernel kernel = module.GetKernel(name);
            start.Record(stream);
            Launch(kernel, prepared, memory, stream);
            end.Record(stream);
            stream.Synchronize();

            foreach (KernelBuffer output in prepared.Buffers.Where(buffer => buffer.IsOutput))
            {
                memory[output].CopyTo(output.Results);
            }

            return end.ElapsedSince(start);
        }
        finally
        {
            foreach (DeviceMemory<byte> allocation in memory.Values)
            {
                allocation.Dispose();
            }
        }
    }

    private static DeviceMemory<byte> Upload(CudaContext context, KernelBuffer buffer)
    {
        if (buffer.IsInput)
        {
            return context.Allocate(buffer.Contents);
        }

        // Not a number in every element, so that one the kernel leaves out is noticed.
        DeviceMemory<byte> memory = context.Allocate<byte>(buffer.ByteCount);
        memory.Fill(0xff);
        return memory;
    }

    // Samples differ in number and types of arguments, so they are packed by the offsets that the kernel declares.
    private static void Launch(CudaKernel kernel, KernelCase prepared, Dictionary<KernelBuffer, DeviceMemory<byte>> memory, CudaStream stream)
    {
        IReadOnlyList<KernelParameter> parameters = kernel.Parameters
            ?? throw new NotSupportedException("The driver is older than CUDA 12.4, which the sample kernels need.");
        PackedArguments packed = default;
        foreach ((KernelParameter parameter, KernelArgument argument) in parameters.Zip(prepared.Arguments))
        {
            Span<byte> place = ((Span<byte>)packed).Slice(parameter.Offset, parameter.Size);
            switch (argument)
            {
                case KernelScalar scalar:
                    scalar.Bytes.CopyTo(place);
                    break;
                case KernelBuffer buffer:
                    BitConverter.TryWriteBytes(place, memory[buffer].Address.Value);
                    break;
            }
        }

        KernelGeometry geometry = prepared.Geometry;
        kernel.LaunchPacked(
            new LaunchConfiguration((geometry.GridX, geometry.GridY), (geometry.BlockX, geometry.BlockY), Stream: stream), packed);
    }

    /// <summary>Room for the arguments of any sample.</summary>
    [InlineArray(128)]
    private struct PackedArguments
    {
        private byte _first;
    }
}
