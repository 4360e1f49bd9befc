namespace CudaRpc.Driver;

/// <summary>What every driver has to check of a batch of copies.</summary>
internal static unsafe class MemcpyBatch
{
    /// <summary>
    /// Whether the attributes are known ones, and the copies from which each applies begin at 0 and go up.
    /// </summary>
    public static bool AreValid(CUmemcpyAttributes_v1* attributes, nuint* from, nuint attributeCount, nuint copyCount)
    {
        if (attributes == null || from == null || attributeCount == 0 || attributeCount > copyCount || from[0] != 0)
        {
            return false;
        }

        for (nuint index = 0; index < attributeCount; index++)
        {
            bool known = attributes[index].srcAccessOrder is > CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_INVALID
                and <= CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_ANY
                && attributes[index].flags <= (uint)CUmemcpyFlags.CU_MEMCPY_FLAG_PREFER_OVERLAP_WITH_COMPUTE;
            if (!known || from[index] >= copyCount || (index > 0 && from[index] <= from[index - 1]))
            {
                return false;
            }
        }

        return true;
    }
}
