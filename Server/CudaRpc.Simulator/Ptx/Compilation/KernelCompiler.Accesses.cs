using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>The handlers of loads and stores, by size of the element, its sign where it extends, and width of the register.</summary>
internal sealed unsafe partial class KernelCompiler
{
    private static Handler AccessHandler(PtxType type, int width, bool isLoad) =>
        isLoad ? LoadHandler(type, width) : StoreHandler(type, width);

    private static Handler LoadHandler(PtxType type, int width) => (type.Bits, type.IsSigned, width) switch
    {
        (8, false, 16) => &MemoryHandlers.Load<byte, ushort>,
        (8, true, 16) => &MemoryHandlers.Load<sbyte, ushort>,
        (8, false, 32) => &MemoryHandlers.Load<byte, uint>,
        (8, true, 32) => &MemoryHandlers.Load<sbyte, uint>,
        (8, false, 64) => &MemoryHandlers.Load<byte, ulong>,
        (8, true, 64) => &MemoryHandlers.Load<sbyte, ulong>,
        (16, _, 16) => &MemoryHandlers.Load<ushort, ushort>,
        (16, false, 32) => &MemoryHandlers.Load<ushort, uint>,
        (16, true, 32) => &MemoryHandlers.Load<short, uint>,
        (16, false, 64) => &MemoryHandlers.Load<ushort, ulong>,
        (16, true, 64) => &MemoryHandlers.Load<short, ulong>,
        (32, _, 32) => &MemoryHandlers.Load<uint, uint>,
        (32, false, 64) => &MemoryHandlers.Load<uint, ulong>,
        (32, true, 64) => &MemoryHandlers.Load<int, ulong>,
        (64, _, 64) => &MemoryHandlers.Load<ulong, ulong>,
        _ => null,
    };

    private static Handler StoreHandler(PtxType type, int width) => (type.Bits, width) switch
    {
        (8, 16) => &MemoryHandlers.Store<byte, ushort>,
        (8, 32) => &MemoryHandlers.Store<byte, uint>,
        (8, 64) => &MemoryHandlers.Store<byte, ulong>,
        (16, 16) => &MemoryHandlers.Store<ushort, ushort>,
        (16, 32) => &MemoryHandlers.Store<ushort, uint>,
        (16, 64) => &MemoryHandlers.Store<ushort, ulong>,
        (32, 32) => &MemoryHandlers.Store<uint, uint>,
        (32, 64) => &MemoryHandlers.Store<uint, ulong>,
        (64, 64) => &MemoryHandlers.Store<ulong, ulong>,
        _ => null,
    };

    private static Handler ParameterHandler(PtxType type, int width) => (type.Bits, type.IsSigned, width) switch
    {
        (8, false, 16) => &MemoryHandlers.LoadParameter<byte, ushort>,
        (8, true, 16) => &MemoryHandlers.LoadParameter<sbyte, ushort>,
        (8, false, 32) => &MemoryHandlers.LoadParameter<byte, uint>,
        (8, true, 32) => &MemoryHandlers.LoadParameter<sbyte, uint>,
        (8, false, 64) => &MemoryHandlers.LoadParameter<byte, ulong>,
        (8, true, 64) => &MemoryHandlers.LoadParameter<sbyte, ulong>,
        (16, _, 16) => &MemoryHandlers.LoadParameter<ushort, ushort>,
        (16, false, 32) => &MemoryHandlers.LoadParameter<ushort, uint>,
        (16, true, 32) => &MemoryHandlers.LoadParameter<short, uint>,
        (16, false, 64) => &MemoryHandlers.LoadParameter<ushort, ulong>,
        (16, true, 64) => &MemoryHandlers.LoadParameter<short, ulong>,
        (32, _, 32) => &MemoryHandlers.LoadParameter<uint, uint>,
        (32, false, 64) => &MemoryHandlers.LoadParameter<uint, ulong>,
        (32, true, 64) => &MemoryHandlers.LoadParameter<int, ulong>,
        (64, _, 64) => &MemoryHandlers.LoadParameter<ulong, ulong>,
        _ => null,
    };

    private static Handler IndexedParameterHandler(PtxType type, int width) => (type.Bits, type.IsSigned, width) switch
    {
        (8, false, 16) => &MemoryHandlers.LoadParameterIndexed<byte, ushort>,
        (8, true, 16) => &MemoryHandlers.LoadParameterIndexed<sbyte, ushort>,
        (8, false, 32) => &MemoryHandlers.LoadParameterIndexed<byte, uint>,
        (8, true, 32) => &MemoryHandlers.LoadParameterIndexed<sbyte, uint>,
        (8, false, 64) => &MemoryHandlers.LoadParameterIndexed<byte, ulong>,
        (8, true, 64) => &MemoryHandlers.LoadParameterIndexed<sbyte, ulong>,
        (16, _, 16) => &MemoryHandlers.LoadParameterIndexed<ushort, ushort>,
        (16, false, 32) => &MemoryHandlers.LoadParameterIndexed<ushort, uint>,
        (16, true, 32) => &MemoryHandlers.LoadParameterIndexed<short, uint>,
        (16, false, 64) => &MemoryHandlers.LoadParameterIndexed<ushort, ulong>,
        (16, true, 64) => &MemoryHandlers.LoadParameterIndexed<short, ulong>,
        (32, _, 32) => &MemoryHandlers.LoadParameterIndexed<uint, uint>,
        (32, false, 64) => &MemoryHandlers.LoadParameterIndexed<uint, ulong>,
        (32, true, 64) => &MemoryHandlers.LoadParameterIndexed<int, ulong>,
        (64, _, 64) => &MemoryHandlers.LoadParameterIndexed<ulong, ulong>,
        _ => null,
    };
}
