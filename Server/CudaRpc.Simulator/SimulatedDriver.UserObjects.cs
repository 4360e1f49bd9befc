using CudaRpc.Simulator.Graphs;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    private const uint NoDestructorSync = 1; // CU_USER_OBJECT_NO_DESTRUCTOR_SYNC
    private const uint Move = 1; // CU_GRAPH_USER_OBJECT_MOVE

    /// <inheritdoc/>
    public override CUresult cuUserObjectCreate(
        CUuserObject* object_out, void* ptr, delegate* unmanaged[Cdecl]<void*, void> destroy, uint initialRefcount, uint flags)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (object_out == null || destroy == null || initialRefcount is 0 or > int.MaxValue || flags != NoDestructorSync)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        var created = new UserObject(ptr, destroy, (int)initialRefcount, ended => _handles.Remove(ended.Handle, out UserObject? _));
        created.Handle = _handles.Add(created);
        return created.Handle == 0 ? CUDA_ERROR_OUT_OF_MEMORY : Give(object_out, new CUuserObject(created.Handle));
    }

    /// <inheritdoc/>
    public override CUresult cuUserObjectRetain(CUuserObject @object, uint count)
    {
        if (EnterObject(@object, count, out UserObject found) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        found.Retain((int)count);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuUserObjectRelease(CUuserObject @object, uint count)
    {
        if (EnterObject(@object, count, out UserObject found) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        found.Release((int)count);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphRetainUserObject(CUgraph graph, CUuserObject @object, uint count, uint flags)
    {
        if (EnterGraph(graph, out DriverGraph holder) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (EnterObject(@object, count, out UserObject found) is not CUDA_SUCCESS and var noObject)
        {
            return noObject;
        }
        if (flags > Move)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (flags != Move)
        {
            found.Retain((int)count);
        }
        lock (holder.Gate)
        {
            holder.Objects[found] = holder.Objects.GetValueOrDefault(found) + (int)count;
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphReleaseUserObject(CUgraph graph, CUuserObject @object, uint count)
    {
        if (EnterGraph(graph, out DriverGraph holder) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (EnterObject(@object, count, out UserObject found) is not CUDA_SUCCESS and var noObject)
        {
            return noObject;
        }
        lock (holder.Gate)
        {
            int held = holder.Objects.GetValueOrDefault(found);
            if (held < count)
            {
                return CUDA_ERROR_INVALID_VALUE;
            }
            if (held == count)
            {
                holder.Objects.Remove(found);
            }
            else
            {
                holder.Objects[found] = held - (int)count;
            }
        }
        found.Release((int)count);
        return CUDA_SUCCESS;
    }

    private CUresult EnterObject(CUuserObject handle, uint count, out UserObject found)
    {
        CUresult result = Find(handle.Value, out found);
        return result == CUDA_ERROR_INVALID_HANDLE || (result == CUDA_SUCCESS && count is 0 or > int.MaxValue) ? CUDA_ERROR_INVALID_VALUE : result;
    }
}
