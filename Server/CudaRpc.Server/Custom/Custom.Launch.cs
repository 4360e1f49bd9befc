using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

internal static unsafe partial class Custom
{
    private const nint BufferPointer = 1;
    private const nint BufferSize = 2;

    public static void cuLaunchKernel(CudaDriver driver, ref ServerCall call)
    {
        LaunchArguments launch = ReadLaunch(ref call);
        if (!call.Begin())
        {
            return;
        }

        nint* extra = stackalloc nint[5];
        call.Reply(driver.cuLaunchKernel(
            launch.Function, launch.GridX, launch.GridY, launch.GridZ, launch.BlockX, launch.BlockY, launch.BlockZ,
            launch.SharedBytes, launch.Stream, null, Extra(extra, &launch)));
    }

    public static void cuLaunchKernelEx(CudaDriver driver, ref ServerCall call)
    {
        LaunchArguments launch = ReadLaunch(ref call);
        CUlaunchAttribute* attributes = call.ReadArray<CUlaunchAttribute>(out nuint count, optional: true);
        for (nuint index = 0; index < count; index++)
        {
            Translate(ref call, &attributes[index]);
        }

        if (!call.Begin())
        {
            return;
        }

        var config = new CUlaunchConfig
        {
            gridDimX = launch.GridX,
            gridDimY = launch.GridY,
            gridDimZ = launch.GridZ,
            blockDimX = launch.BlockX,
            blockDimY = launch.BlockY,
            blockDimZ = launch.BlockZ,
            sharedMemBytes = launch.SharedBytes,
            hStream = launch.Stream,
            attrs = attributes,
            numAttrs = (uint)count,
        };
        nint* extra = stackalloc nint[5];
        call.Reply(driver.cuLaunchKernelEx(&config, launch.Function, null, Extra(extra, &launch)));
    }

    public static void cuLaunchCooperativeKernel(CudaDriver driver, ref ServerCall call)
    {
        LaunchArguments launch = ReadLaunch(ref call);
        var attribute = new CUlaunchAttribute { id = CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_COOPERATIVE };
        attribute.value.cooperative = 1;
        if (!call.Begin())
        {
            return;
        }

        // The function itself takes one pointer per parameter and no packed buffer; as an attribute of a launch it takes both.
        var config = new CUlaunchConfig
        {
            gridDimX = launch.GridX,
            gridDimY = launch.GridY,
            gridDimZ = launch.GridZ,
            blockDimX = launch.BlockX,
            blockDimY = launch.BlockY,
            blockDimZ = launch.BlockZ,
            sharedMemBytes = launch.SharedBytes,
            hStream = launch.Stream,
            attrs = &attribute,
            numAttrs = 1,
        };
        nint* extra = stackalloc nint[5];
        call.Reply(driver.cuLaunchKernelEx(&config, launch.Function, null, Extra(extra, &launch)));
    }

    private static LaunchArguments ReadLaunch(ref ServerCall call)
    {
        var launch = new LaunchArguments
        {
            Function = new CUfunction(call.ReadHandle(HandleKind.CUfunction)),
            GridX = call.ReadUInt32(),
            GridY = call.ReadUInt32(),
            GridZ = call.ReadUInt32(),
            BlockX = call.ReadUInt32(),
            BlockY = call.ReadUInt32(),
            BlockZ = call.ReadUInt32(),
            SharedBytes = call.ReadUInt32(),
            Stream = new CUstream(call.ReadHandle(HandleKind.CUstream)),
        };
        launch.Parameters = call.ReadArray<byte>(out nuint length);
        launch.ParameterBytes = length;
        return launch;
    }

    private static void** Extra(nint* extra, LaunchArguments* launch)
    {
        extra[0] = BufferPointer;
        extra[1] = (nint)launch->Parameters;
        extra[2] = BufferSize;
        extra[3] = (nint)(&launch->ParameterBytes);
        extra[4] = 0;
        return (void**)extra;
    }

    // An attribute that carries a handle carries the client's.
    private static void Translate(ref ServerCall call, CUlaunchAttribute* attribute)
    {
        switch (attribute->id)
        {
            case CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT:
                attribute->value.programmaticEvent.@event = new CUevent(call.Resolve(attribute->value.programmaticEvent.@event.Value, HandleKind.CUevent));
                break;
            case CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT:
                attribute->value.launchCompletionEvent.@event = new CUevent(call.Resolve(attribute->value.launchCompletionEvent.@event.Value, HandleKind.CUevent));
                break;
            case CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE:
                call.Malformed("a launch attribute that holds a graph node");
                break;
        }
    }

    private struct LaunchArguments
    {
        public CUfunction Function;
        public uint GridX;
        public uint GridY;
        public uint GridZ;
        public uint BlockX;
        public uint BlockY;
        public uint BlockZ;
        public uint SharedBytes;
        public CUstream Stream;
        public byte* Parameters;
        public nuint ParameterBytes;
    }
}
