using System.Numerics;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Textures;

namespace CudaRpc.Simulator;

// Texture references: deprecated, kept whole. What is bound last counts; the getters of the other kinds of binding have nothing to give.
public unsafe partial class SimulatedDriver
{
    private const uint OverrideFormat = 1;

    /// <inheritdoc/>
    public override CUresult cuTexRefCreate(CUtexref* pTexRef)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pTexRef == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        nint handle = _handles.Add(new DriverTexRef(context, address: 0));
        *pTexRef = new CUtexref(handle);
        return handle == 0 ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS;
    }

    /// <summary>A reference of a module ends with the module.</summary>
    public override CUresult cuTexRefDestroy(CUtexref hTexRef)
    {
        if (EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return reference.Address == 0 && _handles.Remove(hTexRef.Value, out DriverTexRef? _) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    }

    /// <inheritdoc/>
    public override CUresult cuTexRefSetArray(CUtexref hTexRef, CUarray hArray, uint Flags)
    {
        if (EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (Flags != OverrideFormat)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (Find(hArray.Value, out DriverArray array) is not CUDA_SUCCESS and var stale)
        {
            return stale;
        }
        reference.Change(state => state.Unbound with
        {
            Array = hArray.Value,
            Levels = [TexelImage.Of(array)],
            Format = array.Shape.Format,
            Channels = (int)array.Shape.Channels,
        });
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuTexRefSetMipmappedArray(CUtexref hTexRef, CUmipmappedArray hMipmappedArray, uint Flags)
    {
        if (EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (Flags != OverrideFormat)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (Find(hMipmappedArray.Value, out DriverMipmappedArray array) is not CUDA_SUCCESS and var stale)
        {
            return stale;
        }
        reference.Change(state => state.Unbound with
        {
            Mipmap = hMipmappedArray.Value,
            Levels = [.. array.Levels.Select(TexelImage.Of)],
            Format = array.Shape.Format,
            Channels = (int)array.Shape.Channels,
        });
        return CUDA_SUCCESS;
    }

    /// <summary>An address that is not aligned is bound from the aligned one before it on; the program adds the offset.</summary>
    public override CUresult cuTexRefSetAddress_v2(nuint* ByteOffset, CUtexref hTexRef, CUdeviceptr dptr, nuint bytes)
    {
        if (EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        nuint offset = (nuint)(dptr.Value % DeviceAttributes.TextureAlignment);
        if (bytes == 0 || (offset != 0 && ByteOffset == null) || Device(dptr, bytes) is not { IsDevice: true })
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        reference.Change(state => state.Unbound with { Address = dptr.Value - offset, Bytes = bytes + offset });
        if (ByteOffset != null)
        {
            *ByteOffset = offset;
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuTexRefSetAddress2D_v3(CUtexref hTexRef, CUDA_ARRAY_DESCRIPTOR_v2* desc, CUdeviceptr dptr, nuint Pitch)
    {
        if (EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (desc == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        (CUarray_format format, uint channels, nuint width, nuint height) = (desc->Format, desc->NumChannels, desc->Width, desc->Height);
        if (FindPitched(dptr, format, channels, width, height, Pitch, out _) is not CUDA_SUCCESS and var invalid)
        {
            return invalid;
        }
        reference.Change(state => state.Unbound with
        {
            Address = dptr.Value,
            Width = width,
            Height = height,
            Pitch = Pitch,
            Format = format,
            Channels = (int)channels,
        });
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuTexRefSetFormat(CUtexref hTexRef, CUarray_format fmt, int NumPackedComponents) =>
        TexelFormat.TryFind(fmt, (uint)NumPackedComponents, out _)
            ? ChangeTexRef(hTexRef, true, state => state with { Format = fmt, Channels = NumPackedComponents })
            : ChangeTexRef(hTexRef, false, static state => state);

    /// <inheritdoc/>
    public override CUresult cuTexRefSetAddressMode(CUtexref hTexRef, int dim, CUaddress_mode am) =>
        ChangeSampler(hTexRef, dim is >= 0 and < 3 && am <= CUaddress_mode.CU_TR_ADDRESS_MODE_BORDER, sampler => dim switch
        {
            0 => sampler with { AddressX = am },
            1 => sampler with { AddressY = am },
            _ => sampler with { AddressZ = am },
        });

    /// <inheritdoc/>
    public override CUresult cuTexRefSetFilterMode(CUtexref hTexRef, CUfilter_mode fm) =>
        ChangeSampler(hTexRef, fm <= CUfilter_mode.CU_TR_FILTER_MODE_LINEAR, sampler => sampler with { Filter = fm });

    /// <inheritdoc/>
    public override CUresult cuTexRefSetMipmapFilterMode(CUtexref hTexRef, CUfilter_mode fm) =>
        ChangeSampler(hTexRef, fm <= CUfilter_mode.CU_TR_FILTER_MODE_LINEAR, sampler => sampler with { MipmapFilter = fm });

    /// <inheritdoc/>
    public override CUresult cuTexRefSetMipmapLevelBias(CUtexref hTexRef, float bias) =>
        ChangeSampler(hTexRef, true, sampler => sampler with { LevelBias = bias });

    /// <inheritdoc/>
    public override CUresult cuTexRefSetMipmapLevelClamp(CUtexref hTexRef, float minMipmapLevelClamp, float maxMipmapLevelClamp) =>
        ChangeSampler(hTexRef, true, sampler => sampler with { LeastLevel = minMipmapLevelClamp, GreatestLevel = maxMipmapLevelClamp });

    /// <inheritdoc/>
    public override CUresult cuTexRefSetMaxAnisotropy(CUtexref hTexRef, uint maxAniso) =>
        ChangeTexRef(hTexRef, maxAniso <= 16, state => state with { Anisotropy = maxAniso });

    /// <inheritdoc/>
    public override CUresult cuTexRefSetBorderColor(CUtexref hTexRef, float* pBorderColor)
    {
        Vector4 color = pBorderColor == null ? default : new Vector4(pBorderColor[0], pBorderColor[1], pBorderColor[2], pBorderColor[3]);
        return ChangeSampler(hTexRef, pBorderColor != null, sampler => sampler with { Border = color });
    }

    /// <inheritdoc/>
    public override CUresult cuTexRefSetFlags(CUtexref hTexRef, uint Flags) =>
        ChangeSampler(hTexRef, (Flags & ~SamplerState.KnownFlags) == 0, sampler => sampler with { Flags = Flags });

    /// <inheritdoc/>
    public override CUresult cuTexRefGetAddress_v2(CUdeviceptr* pdptr, CUtexref hTexRef) =>
        EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error ? error
            : reference.State.Address == 0 ? CUDA_ERROR_INVALID_VALUE : Give(pdptr, new CUdeviceptr(reference.State.Address));

    /// <inheritdoc/>
    public override CUresult cuTexRefGetArray(CUarray* phArray, CUtexref hTexRef) =>
        EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error ? error
            : reference.State.Array == 0 ? CUDA_ERROR_INVALID_VALUE : Give(phArray, new CUarray(reference.State.Array));

    /// <inheritdoc/>
    public override CUresult cuTexRefGetMipmappedArray(CUmipmappedArray* phMipmappedArray, CUtexref hTexRef) =>
        EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error ? error
            : reference.State.Mipmap == 0 ? CUDA_ERROR_INVALID_VALUE : Give(phMipmappedArray, new CUmipmappedArray(reference.State.Mipmap));

    /// <inheritdoc/>
    public override CUresult cuTexRefGetAddressMode(CUaddress_mode* pam, CUtexref hTexRef, int dim)
    {
        if (EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        SamplerState sampler = reference.State.Sampler;
        return dim switch
        {
            0 => Give(pam, sampler.AddressX),
            1 => Give(pam, sampler.AddressY),
            2 => Give(pam, sampler.AddressZ),
            _ => CUDA_ERROR_INVALID_VALUE,
        };
    }

    /// <inheritdoc/>
    public override CUresult cuTexRefGetFormat(CUarray_format* pFormat, int* pNumChannels, CUtexref hTexRef)
    {
        if (EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pFormat != null)
        {
            *pFormat = reference.State.Format;
        }
        if (pNumChannels != null)
        {
            *pNumChannels = reference.State.Channels;
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuTexRefGetFilterMode(CUfilter_mode* pfm, CUtexref hTexRef) =>
        EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error ? error : Give(pfm, reference.State.Sampler.Filter);

    /// <inheritdoc/>
    public override CUresult cuTexRefGetMipmapFilterMode(CUfilter_mode* pfm, CUtexref hTexRef) =>
        EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error ? error : Give(pfm, reference.State.Sampler.MipmapFilter);

    /// <inheritdoc/>
    public override CUresult cuTexRefGetMipmapLevelBias(float* pbias, CUtexref hTexRef) =>
        EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error ? error : Give(pbias, reference.State.Sampler.LevelBias);

    /// <inheritdoc/>
    public override CUresult cuTexRefGetMipmapLevelClamp(float* pminMipmapLevelClamp, float* pmaxMipmapLevelClamp, CUtexref hTexRef)
    {
        if (EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pminMipmapLevelClamp == null || pmaxMipmapLevelClamp == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *pminMipmapLevelClamp = reference.State.Sampler.LeastLevel;
        *pmaxMipmapLevelClamp = reference.State.Sampler.GreatestLevel;
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuTexRefGetMaxAnisotropy(int* pmaxAniso, CUtexref hTexRef) =>
        EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error ? error : Give(pmaxAniso, (int)reference.State.Anisotropy);

    /// <inheritdoc/>
    public override CUresult cuTexRefGetBorderColor(float* pBorderColor, CUtexref hTexRef)
    {
        if (EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pBorderColor == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        reference.State.Sampler.Border.CopyTo(new Span<float>(pBorderColor, 4));
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuTexRefGetFlags(uint* pFlags, CUtexref hTexRef) =>
        EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error ? error : Give(pFlags, reference.State.Sampler.Flags);

    private CUresult EnterTexRef(CUtexref hTexRef, out DriverTexRef reference)
    {
        reference = null!;
        return Enter(out _) is not CUDA_SUCCESS and var error ? error : Find(hTexRef.Value, out reference);
    }

    private CUresult ChangeTexRef(CUtexref hTexRef, bool valid, Func<TexRefState, TexRefState> change)
    {
        if (EnterTexRef(hTexRef, out DriverTexRef reference) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (valid)
        {
            reference.Change(change);
        }
        return valid ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    }

    private CUresult ChangeSampler(CUtexref hTexRef, bool valid, Func<SamplerState, SamplerState> change) =>
        ChangeTexRef(hTexRef, valid, state => state with { Sampler = change(state.Sampler) });
}
