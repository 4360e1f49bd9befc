namespace CudaRpc.Generator.Emit;

/// <summary>A file to add to the compilation.</summary>
/// <param name="Name">Its hint name, such as <c>RemoteDriver.Mem.g.cs</c>.</param>
/// <param name="Text">Its text.</param>
internal sealed record GeneratedFile(string Name, string Text);
