using CudaRpc.Driver;

namespace CudaRpc.Client;

// Core dumps are written by the server's driver, on its machine. The values of their settings are bytes here: a bool, an int or a text.
public sealed unsafe partial class RemoteDriver
{
    // Texts have at most 1023 characters.
    private const int MaximumSetting = 4096;

    /// <inheritdoc/>
    public override CUresult cuCoredumpGetAttribute(CUcoredumpSettings attrib, void* value, nuint* size) =>
        GetSetting(CallId.cuCoredumpGetAttribute, attrib, value, size);

    /// <inheritdoc/>
    public override CUresult cuCoredumpGetAttributeGlobal(CUcoredumpSettings attrib, void* value, nuint* size) =>
        GetSetting(CallId.cuCoredumpGetAttributeGlobal, attrib, value, size);

    /// <inheritdoc/>
    public override CUresult cuCoredumpSetAttribute(CUcoredumpSettings attrib, void* value, nuint* size) =>
        SetSetting(CallId.cuCoredumpSetAttribute, attrib, value, size);

    /// <inheritdoc/>
    public override CUresult cuCoredumpSetAttributeGlobal(CUcoredumpSettings attrib, void* value, nuint* size) =>
        SetSetting(CallId.cuCoredumpSetAttributeGlobal, attrib, value, size);

    // Without a value the size alone is asked for.
    private CUresult GetSetting(uint callId, CUcoredumpSettings attribute, void* value, nuint* size)
    {
        if (size == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            nuint room = value == null ? 0 : nuint.Min(*size, MaximumSetting);
            var call = new Call(_session, callId);
            call.Write((int)attribute);
            call.Write(room);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                *size = call.ReadNUInt();
                call.ReadArray((byte*)value, room);
                call.End();
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    private CUresult SetSetting(uint callId, CUcoredumpSettings attribute, void* value, nuint* size)
    {
        if (size == null || value == null || *size is 0 or > MaximumSetting)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, callId);
            call.Write((int)attribute);
            call.WriteArray((byte*)value, *size);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }
}
