using CudaRpc.Driver;

namespace CudaRpc;

/// <content>One overload for each number of arguments.</content>
public sealed unsafe partial class CudaKernel
{
    /// <summary>
    /// Launches the kernel. Does not wait for it: an error of the running kernel is reported by the next call that waits for the device.
    /// </summary>
    /// <remarks>
    /// An argument is a value of the type that the kernel declares (<c>int</c>, <c>float</c>, a struct laid out as C would), or
    /// <see cref="DeviceMemory{T}"/> or a <see cref="CUdeviceptr"/> where the kernel takes a pointer. Nothing is allocated.
    /// </remarks>
    /// <exception cref="ArgumentException">
    /// The number of arguments is not the kernel's, an argument has another size than the parameter, or is neither plain data nor device
    /// memory of this session. Nothing has been launched.
    /// </exception>
    /// <exception cref="CudaException">The configuration is not possible for the kernel, or earlier work has failed.</exception>
    public void Launch(in LaunchConfiguration configuration)
    {
        RequireParameters(0);
        Launch(configuration, null);
    }

    /// <inheritdoc cref="Launch(in LaunchConfiguration)"/>
    public void Launch<T0>(in LaunchConfiguration configuration, T0 argument0)
    {
        RequireParameters(1);
        CUdeviceptr* addresses = stackalloc CUdeviceptr[1];
        void** arguments = stackalloc void*[]
        {
            Bind(0, ref argument0, addresses),
        };
        Launch(configuration, arguments);
    }

    /// <inheritdoc cref="Launch(in LaunchConfiguration)"/>
    public void Launch<T0, T1>(in LaunchConfiguration configuration, T0 argument0, T1 argument1)
    {
        RequireParameters(2);
        CUdeviceptr* addresses = stackalloc CUdeviceptr[2];
        void** arguments = stackalloc void*[]
        {
            Bind(0, ref argument0, addresses),
            Bind(1, ref argument1, addresses),
        };
        Launch(configuration, arguments);
    }

    /// <inheritdoc cref="Launch(in LaunchConfiguration)"/>
    public void Launch<T0, T1, T2>(in LaunchConfiguration configuration, T0 argument0, T1 argument1, T2 argument2)
    {
        RequireParameters(3);
        CUdeviceptr* addresses = stackalloc CUdeviceptr[3];
        void** arguments = stackalloc void*[]
        {
            Bind(0, ref argument0, addresses),
            Bind(1, ref argument1, addresses),
            Bind(2, ref argument2, addresses),
        };
        Launch(configuration, arguments);
    }

    /// <inheritdoc cref="Launch(in LaunchConfiguration)"/>
    public void Launch<T0, T1, T2, T3>(in LaunchConfiguration configuration, T0 argument0, T1 argument1, T2 argument2, T3 argument3)
    {
        RequireParameters(4);
        CUdeviceptr* addresses = stackalloc CUdeviceptr[4];
        void** arguments = stackalloc void*[]
        {
            Bind(0, ref argument0, addresses),
            Bind(1, ref argument1, addresses),
            Bind(2, ref argument2, addresses),
            Bind(3, ref argument3, addresses),
        };
        Launch(configuration, arguments);
    }

    /// <inheritdoc cref="Launch(in LaunchConfiguration)"/>
    public void Launch<T0, T1, T2, T3, T4>(
        in LaunchConfiguration configuration,
        T0 argument0, T1 argument1, T2 argument2, T3 argument3, T4 argument4)
    {
        RequireParameters(5);
        CUdeviceptr* addresses = stackalloc CUdeviceptr[5];
        void** arguments = stackalloc void*[]
        {
            Bind(0, ref argument0, addresses),
            Bind(1, ref argument1, addresses),
            Bind(2, ref argument2, addresses),
            Bind(3, ref argument3, addresses),
            Bind(4, ref argument4, addresses),
        };
        Launch(configuration, arguments);
    }

    /// <inheritdoc cref="Launch(in LaunchConfiguration)"/>
    public void Launch<T0, T1, T2, T3, T4, T5>(
        in LaunchConfiguration configuration,
        T0 argument0, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5)
    {
        RequireParameters(6);
        CUdeviceptr* addresses = stackalloc CUdeviceptr[6];
        void** arguments = stackalloc void*[]
        {
            Bind(0, ref argument0, addresses),
            Bind(1, ref argument1, addresses),
            Bind(2, ref argument2, addresses),
            Bind(3, ref argument3, addresses),
            Bind(4, ref argument4, addresses),
            Bind(5, ref argument5, addresses),
        };
        Launch(configuration, arguments);
    }

    /// <inheritdoc cref="Launch(in LaunchConfiguration)"/>
    public void Launch<T0, T1, T2, T3, T4, T5, T6>(
        in LaunchConfiguration configuration,
        T0 argument0, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6)
    {
        RequireParameters(7);
        CUdeviceptr* addresses = stackalloc CUdeviceptr[7];
        void** arguments = stackalloc void*[]
        {
            Bind(0, ref argument0, addresses),
            Bind(1, ref argument1, addresses),
            Bind(2, ref argument2, addresses),
            Bind(3, ref argument3, addresses),
            Bind(4, ref argument4, addresses),
            Bind(5, ref argument5, addresses),
            Bind(6, ref argument6, addresses),
        };
        Launch(configuration, arguments);
    }

    /// <inheritdoc cref="Launch(in LaunchConfiguration)"/>
    public void Launch<T0, T1, T2, T3, T4, T5, T6, T7>(
        in LaunchConfiguration configuration,
        T0 argument0, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6, T7 argument7)
    {
        RequireParameters(8);
        CUdeviceptr* addresses = stackalloc CUdeviceptr[8];
        void** arguments = stackalloc void*[]
        {
            Bind(0, ref argument0, addresses),
            Bind(1, ref argument1, addresses),
            Bind(2, ref argument2, addresses),
            Bind(3, ref argument3, addresses),
            Bind(4, ref argument4, addresses),
            Bind(5, ref argument5, addresses),
            Bind(6, ref argument6, addresses),
            Bind(7, ref argument7, addresses),
        };
        Launch(configuration, arguments);
    }
}
