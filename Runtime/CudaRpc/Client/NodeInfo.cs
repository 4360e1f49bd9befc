using System.Runtime.InteropServices;

namespace CudaRpc.Client;

/// <summary>A kernel node whose parameters have been asked for: they live with the node, as the program gets pointers to them.</summary>
internal sealed unsafe class NodeInfo(nint graph) : HandleInfo(HandleKind.CUgraphNode, graph)
{
    private void** _pointers;

    ~NodeInfo() => NativeMemory.Free(_pointers);

    /// <summary>Room for the values of a kernel's parameters behind an array of pointers to them. What was given before is freed.</summary>
    public void** Keep(ParameterLayout[] parameters, int bytes, out byte* values)
    {
        NativeMemory.Free(_pointers);
        _pointers = (void**)NativeMemory.AllocZeroed(((nuint)parameters.Length * (nuint)sizeof(void*)) + (nuint)bytes + 1);
        values = (byte*)(_pointers + parameters.Length);
        for (int index = 0; index < parameters.Length; index++)
        {
            _pointers[index] = values + parameters[index].Offset;
        }

        return _pointers;
    }
}
