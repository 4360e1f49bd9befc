using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CudaRpc.Driver;

namespace CudaRpc;

public sealed unsafe partial class CudaKernel
{
    /// <summary>
    /// Launches the kernel with all its parameters in one struct, laid out as the kernel's parameter list: for more parameters than
    /// the other overloads take. Does not wait for it.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The struct is smaller than the parameter list or has no fixed layout. Nothing has been launched.
    /// </exception>
    /// <exception cref="NotSupportedException">The driver is older than CUDA 12.4 and cannot tell where the parameters are.</exception>
    /// <exception cref="CudaException">The configuration is not possible for the kernel, or earlier work has failed.</exception>
    public void LaunchPacked<TParameters>(in LaunchConfiguration configuration, in TParameters parameters)
        where TParameters : unmanaged
    {
        if (_parameters is null) throw new NotSupportedException($"The driver does not know the parameters of kernel '{Name}'.");
        if (typeof(TParameters).IsAutoLayout)
            throw new ArgumentException($"{typeof(TParameters)} has no fixed layout: tuples do not.", nameof(parameters));
        int required = _parameters is [.., var last] ? last.Offset + last.Size : 0;
        if (sizeof(TParameters) < required)
        {
            throw new ArgumentException(
                $"The parameters of kernel '{Name}' have {required} bytes, {typeof(TParameters)} has {sizeof(TParameters)}.",
                nameof(parameters));
        }
        fixed (TParameters* buffer = &parameters)
        {
            void** arguments = stackalloc void*[_parameters.Length];
            for (int index = 0; index < _parameters.Length; index++) arguments[index] = (byte*)buffer + _parameters[index].Offset;
            Launch(configuration, arguments);
        }
    }

    private void Launch(in LaunchConfiguration configuration, void** arguments)
    {
        CudaDriver driver = Module.Enter();
        CUstream stream = CudaStream.HandleIn(Module.Context.Session, configuration.Stream);
        Dim3 grid = configuration.Grid, block = configuration.Block;
        uint sharedMemory = (uint)configuration.SharedMemory;
        if (configuration.Cooperative)
        {
            driver.ThrowIfFailed(driver.cuLaunchCooperativeKernel(
                Handle, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, (uint)block.X, (uint)block.Y, (uint)block.Z,
                sharedMemory, stream, arguments));
        }
        else
        {
            driver.ThrowIfFailed(driver.cuLaunchKernel(
                Handle, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, (uint)block.X, (uint)block.Y, (uint)block.Z,
                sharedMemory, stream, arguments, null));
        }
    }

    private void RequireParameters(int given)
    {
        if (_parameters is not null && _parameters.Length != given)
            throw new ArgumentException($"Kernel '{Name}' takes {_parameters.Length} parameters, {given} given.");
    }

    /// <summary>Where the driver finds one argument: in the caller's frame, or its address in <paramref name="addresses"/>.</summary>
    /// <remarks>SAFETY: <paramref name="argument"/> is a parameter of the caller, so it is on the stack and does not move.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void* Bind<T>(int index, ref T argument, CUdeviceptr* addresses)
    {
        // For each T only one branch is compiled.
        if (typeof(T).IsValueType)
        {
            if (RuntimeHelpers.IsReferenceOrContainsReferences<T>()) ThrowUnsuitable(index, typeof(T));
            RequireSize(index, Unsafe.SizeOf<T>(), typeof(T));
            return Unsafe.AsPointer(ref argument);
        }
        if (argument is not DeviceMemory memory) ThrowUnsuitable(index, argument?.GetType() ?? typeof(T));
        else if (memory.Context.Session != Module.Context.Session) ThrowForeign(index);
        else addresses[index] = memory.Address;
        RequireSize(index, sizeof(CUdeviceptr), typeof(T));
        return addresses + index;
    }

    private void RequireSize(int index, int given, Type type)
    {
        if (_parameters is not null && _parameters[index].Size != given) ThrowSize(index, given, type);
    }

    [DoesNotReturn]
    private void ThrowSize(int index, int given, Type type) => throw new ArgumentException(
        $"Parameter {index} of kernel '{Name}' has {_parameters![index].Size} bytes, the {type} given has {given}.", $"argument{index}");

    [DoesNotReturn]
    private void ThrowUnsuitable(int index, Type type) => throw new ArgumentException(
        $"Parameter {index} of kernel '{Name}' is given a {type}: neither plain data nor device memory.", $"argument{index}");

    [DoesNotReturn]
    private void ThrowForeign(int index) => throw new ArgumentException(
        $"Parameter {index} of kernel '{Name}' is given device memory of another session.", $"argument{index}");
}
