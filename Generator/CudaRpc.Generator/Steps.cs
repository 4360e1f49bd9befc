namespace CudaRpc.Generator;

/// <summary>Names of the pipeline's steps, by which tests see what ran again. Emitting steps carry their role's name.</summary>
internal static class Steps
{
    public const string Settings = nameof(Settings);
    public const string Inputs = nameof(Inputs);
    public const string HeaderInput = nameof(HeaderInput);
    public const string Header = nameof(Header);
    public const string OwnHeader = nameof(OwnHeader);
    public const string Api = nameof(Api);
    public const string Rules = nameof(Rules);
    public const string Bound = nameof(Bound);
    public const string Contract = nameof(Contract);
}
