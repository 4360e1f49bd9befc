namespace CudaRpc.Simulator.Objects;

/// <summary>A texture object as it was described. What kernels sample is in the driver's texture table, under its handle.</summary>
internal sealed class DriverTexture(
    DriverContext context, CUDA_RESOURCE_DESC_v1 resource, CUDA_TEXTURE_DESC_v1 texture, CUDA_RESOURCE_VIEW_DESC_v1? view)
    : ContextObject(context)
{
    public CUDA_RESOURCE_DESC_v1 Resource { get; } = resource;

    public CUDA_TEXTURE_DESC_v1 Texture { get; } = texture;

    public CUDA_RESOURCE_VIEW_DESC_v1? View { get; } = view;
}

/// <summary>A surface object as it was described.</summary>
internal sealed class DriverSurface(DriverContext context, CUDA_RESOURCE_DESC_v1 resource) : ContextObject(context)
{
    public CUDA_RESOURCE_DESC_v1 Resource { get; } = resource;
}
