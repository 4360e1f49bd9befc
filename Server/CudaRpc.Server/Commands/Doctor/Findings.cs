namespace CudaRpc.Server.Commands.Doctor;

/// <summary>What the doctor has found so far, written as it is found: what is right, what may surprise, what will not work.</summary>
internal sealed class Findings(TextWriter output)
{
    /// <summary>Whether anything will not work.</summary>
    public bool Failed { get; private set; }

    public void Subject(string text) => output.WriteLine(text);

    public void Right(string text) => Write("ok", text);

    public void Surprise(string text) => Write("note", text);

    public void Wrong(string text)
    {
        Failed = true;
        Write("FAIL", text);
    }

    private void Write(string kind, string text) => output.WriteLine($"  {kind,-4}  {text}");
}
