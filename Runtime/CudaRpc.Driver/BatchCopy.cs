namespace CudaRpc.Driver;

/// <summary>
/// Batches of pitched copies as the copies they consist of, one after another in the stream: more order than a batch promises. For drivers that
/// gain nothing from knowing them together.
/// </summary>
public static unsafe class BatchCopy
{
    private const uint KnownFlags = 1;

    // Which operation failed is said where one did, else this.
    private static readonly nuint s_noOperation = nuint.MaxValue;

    /// <summary>Makes the copies of a batch by <see cref="CudaDriver.cuMemcpy3DAsync_v2"/>.</summary>
    /// <param name="driver">Makes the copies and knows the arrays.</param>
    /// <param name="numOps">Copies.</param>
    /// <param name="opList">What they are.</param>
    /// <param name="failIdx">Receives the number of the copy that failed; may be null.</param>
    /// <param name="flags">None are defined.</param>
    /// <param name="stream">The stream; not the legacy default stream.</param>
    public static CUresult Run(
        CudaDriver driver, nuint numOps, CUDA_MEMCPY3D_BATCH_OP_v1* opList, nuint* failIdx, ulong flags, CUstream stream)
    {
        ArgumentNullException.ThrowIfNull(driver);
        if (failIdx != null)
        {
            *failIdx = s_noOperation;
        }

        if (numOps == 0 || opList == null || flags != 0 || stream.Value is 0 or 1)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        bool readNow = false;
        for (nuint index = 0; index < numOps; index++)
        {
            CUresult status = Translate(driver, opList[index], out CUDA_MEMCPY3D_v2 copy);
            if (status == CUresult.CUDA_SUCCESS)
            {
                status = driver.cuMemcpy3DAsync_v2(&copy, stream);
            }

            if (status != CUresult.CUDA_SUCCESS)
            {
                if (failIdx != null)
                {
                    *failIdx = index;
                }

                return status;
            }

            readNow |= opList[index].srcAccessOrder == CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_DURING_API_CALL;
        }

        // The sources are the program's again when the call returns.
        return readNow ? driver.cuStreamSynchronize(stream) : CUresult.CUDA_SUCCESS;
    }

    // Lengths are in texels of the array that takes part, bytes where none does.
    private static CUresult Translate(CudaDriver driver, in CUDA_MEMCPY3D_BATCH_OP_v1 operation, out CUDA_MEMCPY3D_v2 copy)
    {
        copy = default;
        bool orderKnown = operation.srcAccessOrder is CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_STREAM
            or CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_DURING_API_CALL or CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_ANY;
        if (!orderKnown || (operation.flags & ~KnownFlags) != 0 || !IsOperand(operation.src) || !IsOperand(operation.dst))
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        nuint element = 1;
        if (IsArray(operation.src) || IsArray(operation.dst))
        {
            CUarray array = IsArray(operation.src) ? operation.src.op.array.array : operation.dst.op.array.array;
            CUDA_ARRAY3D_DESCRIPTOR_v2 shape;
            if (driver.cuArray3DGetDescriptor_v2(&shape, array) is var status and not CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (ChannelBytes(shape.Format) is not uint bytes)
            {
                return CUresult.CUDA_ERROR_NOT_SUPPORTED;
            }

            element = bytes * shape.NumChannels;
        }

        return TryFill(operation, element, ref copy) ? CUresult.CUDA_SUCCESS : CUresult.CUDA_ERROR_INVALID_VALUE;
    }

    private static bool TryFill(in CUDA_MEMCPY3D_BATCH_OP_v1 operation, nuint element, ref CUDA_MEMCPY3D_v2 copy)
    {
        CUmemcpy3DOperand_v1 source = operation.src, target = operation.dst;
        (nuint width, nuint pitchFrom, nuint pitchTo) = (operation.extent.width, Row(source), Row(target));
        nuint limit = nuint.MaxValue / element;
        (nuint fromX, nuint toX) = (IsArray(source) ? source.op.array.offset.x : 0, IsArray(target) ? target.op.array.offset.x : 0);
        if (width > limit || pitchFrom > limit || pitchTo > limit || fromX > limit || toX > limit)
        {
            return false;
        }

        (copy.WidthInBytes, copy.Height, copy.Depth) = (width * element, operation.extent.height, operation.extent.depth);
        if (IsArray(source))
        {
            (copy.srcMemoryType, copy.srcArray, copy.srcXInBytes) = (CUmemorytype.CU_MEMORYTYPE_ARRAY, source.op.array.array, fromX * element);
            (copy.srcY, copy.srcZ) = (source.op.array.offset.y, source.op.array.offset.z);
        }
        else
        {
            (copy.srcMemoryType, copy.srcDevice) = (CUmemorytype.CU_MEMORYTYPE_UNIFIED, source.op.ptr.ptr);
            (copy.srcPitch, copy.srcHeight) = (pitchFrom * element, source.op.ptr.layerHeight);
        }

        if (IsArray(target))
        {
            (copy.dstMemoryType, copy.dstArray, copy.dstXInBytes) = (CUmemorytype.CU_MEMORYTYPE_ARRAY, target.op.array.array, toX * element);
            (copy.dstY, copy.dstZ) = (target.op.array.offset.y, target.op.array.offset.z);
        }
        else
        {
            (copy.dstMemoryType, copy.dstDevice) = (CUmemorytype.CU_MEMORYTYPE_UNIFIED, target.op.ptr.ptr);
            (copy.dstPitch, copy.dstHeight) = (pitchTo * element, target.op.ptr.layerHeight);
        }

        return true;
    }

    private static nuint Row(in CUmemcpy3DOperand_v1 operand) => IsArray(operand) ? 0 : operand.op.ptr.rowLength;

    private static bool IsArray(in CUmemcpy3DOperand_v1 operand) => operand.type == CUmemcpy3DOperandType.CU_MEMCPY_OPERAND_TYPE_ARRAY;

    private static bool IsOperand(in CUmemcpy3DOperand_v1 operand) =>
        IsArray(operand) || operand.type == CUmemcpy3DOperandType.CU_MEMCPY_OPERAND_TYPE_POINTER;

    private static uint? ChannelBytes(CUarray_format format) => format switch
    {
        CUarray_format.CU_AD_FORMAT_UNSIGNED_INT8 or CUarray_format.CU_AD_FORMAT_SIGNED_INT8
            or (>= CUarray_format.CU_AD_FORMAT_UNORM_INT8X1 and <= CUarray_format.CU_AD_FORMAT_UNORM_INT8X4)
            or (>= CUarray_format.CU_AD_FORMAT_SNORM_INT8X1 and <= CUarray_format.CU_AD_FORMAT_SNORM_INT8X4) => 1,
        CUarray_format.CU_AD_FORMAT_UNSIGNED_INT16 or CUarray_format.CU_AD_FORMAT_SIGNED_INT16 or CUarray_format.CU_AD_FORMAT_HALF
            or (>= CUarray_format.CU_AD_FORMAT_UNORM_INT16X1 and <= CUarray_format.CU_AD_FORMAT_UNORM_INT16X4)
            or (>= CUarray_format.CU_AD_FORMAT_SNORM_INT16X1 and <= CUarray_format.CU_AD_FORMAT_SNORM_INT16X4) => 2,
        CUarray_format.CU_AD_FORMAT_UNSIGNED_INT32 or CUarray_format.CU_AD_FORMAT_SIGNED_INT32 or CUarray_format.CU_AD_FORMAT_FLOAT => 4,
        _ => null,
    };
}
